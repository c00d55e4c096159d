import type { Platform } from "./platform.ts";

/** What an image says about running it: the `config` object of the OCI image configuration. */
export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  /** `NAME=value`. */
  readonly env?: readonly string[];
  readonly workingDir?: string;
  /** `user`, `uid`, `user:group`, `uid:gid`. */
  readonly user?: string;
  readonly stopSignal?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `80/tcp`. */
  readonly exposedPorts: readonly string[];
  /** Absolute paths inside the container that are to outlive its writable layer, sorted. Absent when there are none. */
  readonly volumes?: readonly string[];
  readonly healthcheck?: ImageHealthcheck;
  /** What shell forms of a Dockerfile run with: `["/bin/sh", "-c"]`. */
  readonly shell?: readonly string[];
  /** Dockerfile instructions for builds that start from this image. */
  readonly onBuild?: readonly string[];
  /** How long its process gets to end after the stop signal. */
  readonly stopTimeoutMs?: number;
}

/** Docker's addition to the OCI configuration. Absent parts are inherited, or the default of whoever runs it. */
export interface ImageHealthcheck {
  /** `["NONE"]`, `["CMD", program, ...]` or `["CMD-SHELL", line]`; empty inherits. */
  readonly test: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly startPeriodMs?: number;
  readonly startIntervalMs?: number;
  readonly retries?: number;
}

/** An image that is whole on this machine. */
export interface Image {
  /** `sha256:` and 64 hexadecimal digits, the digest of its OCI configuration; `host` for the machine's own. */
  readonly id: string;
  /** As people write them, sorted: `alpine:latest`. None for a dangling image. */
  readonly references: readonly string[];
  /** Where registries have it, sorted: `alpine@sha256:...`, the digest of the manifest or index there. */
  readonly digests: readonly string[];
  /** ms since the epoch. */
  readonly createdAt: number;
  /** What its programs run on. */
  readonly platform: Platform;
  /** Bytes of file data in its layers. */
  readonly sizeBytes: number;
  /** Absolute folders, topmost first, as overlay's lowerdir wants them. */
  readonly layers: readonly string[];
  readonly config: ImageConfig;
  /** Folders of the host to bind read-only over the layers. Only the host image has any. */
  readonly hostMounts: readonly { readonly source: string; readonly target: string }[];
}

/** The PATH of a container whose image says nothing about it, as docker has it. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** `[name:tag]` that were taken away, then the id that was deleted. */
export type ImageRemoval = { readonly untagged: string } | { readonly deleted: string };
