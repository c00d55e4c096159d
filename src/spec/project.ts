/**
 * Desired state: what a spec file means once it is parsed, interpolated, validated and given its defaults.
 * It is plain JSON: the CLI makes it, the API carries it, the daemon keeps it on disk, the planner reads it.
 */
export interface Project {
  /** `^[a-z0-9][a-z0-9_-]*$`, as Compose has it. */
  readonly name: string;
  /** By service name. */
  readonly services: Readonly<Record<string, Service>>;
  /** Named volumes, by the name the file uses. */
  readonly volumes: Readonly<Record<string, Volume>>;
  /** Images the file says how to get, by the reference services use. */
  readonly images: Readonly<Record<string, ImageSource>>;
  /** Absolute path of the folder relative paths were resolved against. */
  readonly workingFolder: string;
  /** Absolute paths of the files this came from; "-" for standard input. */
  readonly files: readonly string[];
}

export interface Service {
  readonly image: string;
  /** Replaces the image's command when present. */
  readonly command?: readonly string[];
  /** Replaces the image's entry point when present; the image's command is then dropped, as docker does. */
  readonly entrypoint?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute path inside the container. */
  readonly workingDir?: string;
  /** `user`, `uid`, `user:group`, `uid:gid`. */
  readonly user?: string;
  readonly hostname?: string;
  readonly ports: readonly Port[];
  readonly mounts: readonly Mount[];
  readonly replicas: number;
  readonly limits: Limits;
  readonly restart: RestartPolicy;
  /** `SIGTERM`, ... always with the SIG prefix, or `SIGRTMIN+3`. */
  readonly stopSignal?: string;
  readonly stopGraceMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly init: boolean;
}

/** One published port. A range in the file becomes several of these. */
export interface Port {
  readonly protocol: "tcp" | "udp";
  /** Address to listen on; undefined means every address, IPv4 and IPv6. */
  readonly hostIp?: string;
  /** 0 asks for any free port. */
  readonly hostPort: number;
  readonly containerPort: number;
}

export type Mount =
  | {
      readonly type: "bind";
      /** Absolute path on the host. */
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** Make the source folder when it is missing (Compose's short form does). */
      readonly createSource: boolean;
    }
  | {
      readonly type: "volume";
      /** The volume's real name (`<project>_<name>` unless it names itself); undefined for an anonymous one. */
      readonly source?: string;
      readonly target: string;
      readonly readOnly: boolean;
    }
  | {
      readonly type: "tmpfs";
      readonly target: string;
      readonly sizeBytes?: number;
      readonly mode?: number;
    };

/** `images: { tools: { import: ./rootfs.tar.gz } }`: gantry's own addition to Compose. */
export interface ImageSource {
  /** Absolute path of a root file system archive, imported when the reference does not exist yet. */
  readonly importFrom: string;
}

export interface Volume {
  /** The real name on this machine. */
  readonly name: string;
  /** Made by somebody else: never created, never removed. */
  readonly external: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Limits {
  /** 1e9 is one whole CPU. */
  readonly nanocpus?: number;
  readonly memoryBytes?: number;
  readonly pids?: number;
}

export interface RestartPolicy {
  readonly name: "no" | "always" | "on-failure" | "unless-stopped";
  /** Only with on-failure: give up after so many. */
  readonly maxRetries?: number;
}
