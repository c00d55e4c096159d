import type { Platform } from "../../image/platform.ts";
import type { Credentials } from "../../registry/credentials.ts";
import type { RunSettings } from "../../build/world.ts";

/** What the API asks of a build. */
export interface BuildRequest {
  /** An archive of the context (tar, plain or gzip). */
  readonly context: AsyncIterable<Uint8Array>;
  /** The Dockerfile's path in the context. */
  readonly dockerfile: string;
  /** The Dockerfile itself, where it is none of the context's. */
  readonly inline?: string;
  readonly given: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly platform?: Platform;
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly useCache: boolean;
  /** Ask registries for what is here as well. */
  readonly pull: boolean;
  readonly network: "default" | "none" | "host";
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Sockets of SSH agents on this machine. */
  readonly agents: ReadonlyMap<string, string>;
  /** Further contexts: folders of this machine, and images. */
  readonly contexts: ReadonlyMap<string, { readonly folder: string } | { readonly image: string }>;
  readonly run: RunSettings;
  /** For a registry by its domain. */
  readonly credentials: (domain: string) => Credentials | undefined;
  readonly signal: AbortSignal;
}
