/** The container as the runtime knows it: what was asked for (config), who owns it, and what became of it. */

export interface ContainerConfig {
  /** Image reference as the user wrote it. */
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly user?: string;
  readonly hostname?: string;
  readonly mounts: readonly ContainerMount[];
  readonly limits: ContainerLimits;
  readonly restart: {
    readonly name: "no" | "always" | "on-failure" | "unless-stopped";
    readonly maxRetries?: number;
  };
  /** With the SIG prefix; undefined means the image's, else SIGTERM. */
  readonly stopSignal?: string;
  readonly stopGraceMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly init: boolean;
}

export type ContainerMount =
  | {
      readonly type: "bind";
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly createSource: boolean;
    }
  | { readonly type: "volume"; readonly source?: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: "tmpfs"; readonly target: string; readonly sizeBytes?: number; readonly mode?: number };

export interface ContainerLimits {
  readonly nanocpus?: number;
  readonly memoryBytes?: number;
  readonly pids?: number;
}

/** Who a declared replica belongs to. */
export interface ContainerOwner {
  readonly project: string;
  readonly service: string;
  /** From 1. */
  readonly number: number;
}

export type ContainerState = "created" | "running" | "exited";

/** Why a container is not running, where it could not be started at all. */
export interface StartFailure {
  readonly code: "command.not-found" | "command.not-executable" | "image.not-found" | "kernel";
  readonly message: string;
}

/** Durable: one file per container, replaced atomically. */
export interface ContainerRecord {
  /** 64 lower-case hexadecimal digits. */
  readonly id: string;
  /** Unique on this instance: `<project>-<service>-<n>` for replicas. */
  readonly name: string;
  readonly owner?: ContainerOwner;
  readonly config: ContainerConfig;
  /** Digest `sha256:...` of the image it was made from, or `host`. */
  readonly imageId: string;
  /** One hash per configuration field, so that a change says which field it was. */
  readonly fingerprint: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Address inside the project's network, if it has one. */
  readonly address?: string;
  /** The user stopped it by hand: the restart policy rests until it is started again. */
  readonly stoppedByUser: boolean;
  /** Starts by the restart policy in a row, reset once it ran for ten seconds. */
  readonly failures: number;
}
