import type { Platform } from "../image/platform.ts";
import type { FileTree } from "./file-tree.ts";
import type { RunSettings } from "./world.ts";
import type { BuildArguments } from "./variables.ts";

/** What is asked of one build. */
export interface BuildOptions {
  /** The Dockerfile's text and what it is called in messages. */
  readonly dockerfile: { readonly text: string; readonly name: string };
  /** The context, without what .dockerignore leaves out. */
  readonly context: FileTree;
  /** Further contexts by name: folders, and images that stand in for others. */
  readonly contexts: ReadonlyMap<string, FileTree | { readonly image: string }>;
  readonly given: BuildArguments;
  readonly target?: string;
  readonly platform?: Platform;
  /** In their familiar form. */
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly useCache: boolean;
  readonly network: "default" | "none" | "host";
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Sockets of agents by name. */
  readonly agents: ReadonlyMap<string, string>;
  readonly run: RunSettings;
  readonly signal: AbortSignal;
}
