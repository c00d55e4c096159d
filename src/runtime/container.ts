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
    readonly delayMs?: number;
    readonly windowMs?: number;
  };
  /** With the SIG prefix; undefined means the image's, else SIGTERM. */
  readonly stopSignal?: string;
  readonly stopGraceMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly init: boolean;
  // What follows is absent wherever it says no more than the default.
  readonly security?: ContainerSecurity;
  readonly namespaces?: ContainerNamespaces;
  readonly devices?: readonly ContainerDevice[];
  readonly deviceRules?: readonly DeviceRule[];
  readonly resolver?: ContainerResolver;
  readonly extraHosts?: readonly { readonly name: string; readonly address: string }[];
  readonly domainname?: string;
  readonly readOnly?: boolean;
  /** Size of /dev/shm in bytes. */
  readonly shmBytes?: number;
  /** By setrlimit(2)'s names in lower case without RLIMIT_; -1 is unlimited. */
  readonly ulimits?: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>;
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly oomScoreAdjustment?: number;
  readonly groups?: readonly string[];
  /** Of a container without a project. */
  readonly ports?: readonly ContainerPort[];
  readonly contents?: readonly ContainerContent[];
  /** The name it was asked to have, instead of a generated one. */
  readonly containerName?: string;
  readonly log?: {
    readonly driver: "files" | "none";
    readonly maxBytes?: number;
    readonly maxFiles?: number;
  };
  /** Run inside after a start, and before a stop by hand or by a plan. */
  readonly hooks?: {
    readonly postStart: readonly ContainerHook[];
    readonly preStop: readonly ContainerHook[];
  };
  readonly annotations?: Readonly<Record<string, string>>;
  /** Its process runs on a terminal: one output, as it comes. */
  readonly terminal?: true;
  /** Standard input is kept open for whoever attaches; `once`: until the first who did leaves. Absent: /dev/null. */
  readonly stdin?: "open" | "once";
  readonly healthcheck?: ContainerHealthcheck;
  readonly probes?: ContainerProbes;
  /** The first has the default route. Absent: the project's own network alone. */
  readonly networks?: readonly ContainerNetwork[];
  /** Ports made known to others, and not published: `8080/tcp`. */
  readonly exposed?: readonly string[];
  /** Services by further names under which this container alone finds them. */
  readonly links?: Readonly<Record<string, string>>;
}

export interface ContainerHook {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
}

/** A config or secret: what it holds lies in Contents under the name `digest`. */
export interface ContainerContent {
  readonly kind: "config" | "secret";
  readonly name: string;
  /** Absolute path of the file in the container. */
  readonly target: string;
  readonly digest: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** What is absent is the image's, or the default. */
export interface ContainerHealthcheck {
  /** `["CMD", program, ...]`, `["CMD-SHELL", line]` or `["NONE"]`; empty is the image's. */
  readonly test?: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly startPeriodMs?: number;
  readonly startIntervalMs?: number;
}

/** Gantry's own probes: `startup` comes before the others, `ready` decides who is in service, `live` who is restarted. */
export interface ContainerProbes {
  readonly startup?: ContainerProbe;
  readonly ready?: ContainerProbe;
  readonly live?: ContainerProbe;
}

/** What is absent is the default. */
export interface ContainerProbe {
  readonly question: ProbeQuestion;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  /** So many in a row make it fail. */
  readonly failures?: number;
  /** So many in a row make it succeed. */
  readonly successes?: number;
}

/** Ports are those of 127.0.0.1 in the container's network namespace. */
export type ProbeQuestion =
  | { readonly kind: "exec"; readonly command: readonly string[] }
  | { readonly kind: "tcp"; readonly port: number }
  | {
      readonly kind: "http";
      readonly port: number;
      readonly path: string;
      /** Ranges, both ends included; 200 to 399 when absent. */
      readonly statuses?: readonly (readonly [number, number])[];
      readonly headers?: Readonly<Record<string, string>>;
    };

/** A network to be in, as it is asked for. */
export interface ContainerNetwork {
  /** The real name. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** IPv4; any free one when absent. */
  readonly address?: string;
  /** `02:42:ac:11:65:43`; derived from the address when absent. */
  readonly hardwareAddress?: string;
}

/** A network a container is in. */
export interface NetworkAttachment {
  /** The network's real name. */
  readonly network: string;
  /** IPv4. */
  readonly address: string;
  readonly aliases?: readonly string[];
  readonly hardwareAddress?: string;
}

export interface ContainerSecurity {
  /** `CAP_NET_ADMIN`, or `ALL`. */
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly privileged?: boolean;
  readonly noNewPrivileges?: boolean;
  /** `unconfined`, or the text of a profile in docker's JSON format. */
  readonly seccomp?: string;
}

/**
 * Where a container has no namespace of its own. `service:X` is that of a container of the same project's service,
 * `container:ID` that of the container with this id.
 */
export interface ContainerNamespaces {
  readonly network?: "none" | "host" | OfAnother;
  readonly pid?: "host" | OfAnother;
  readonly ipc?: "host" | OfAnother;
  readonly uts?: "host";
  readonly cgroup?: "host";
  readonly user?: "host";
}

export type OfAnother = `service:${string}` | `container:${string}`;

/** A port published for this one container; a service's ports are its project's matter. */
export interface ContainerPort {
  readonly protocol: "tcp" | "udp";
  /** Undefined: every address, IPv4 and IPv6. */
  readonly hostIp?: string;
  /** 0: any free one, at each start anew. */
  readonly hostPort: number;
  readonly containerPort: number;
}

export interface ContainerDevice {
  /** Absolute path on the host: a device node, or a folder of them. */
  readonly source: string;
  /** Absolute path below /dev. */
  readonly target: string;
  /** Some of `r`, `w` and `m`. */
  readonly permissions: string;
}

/** A line for the device control group; -1 is every number. */
export interface DeviceRule {
  readonly type: "a" | "b" | "c";
  readonly major: number;
  readonly minor: number;
  readonly permissions: string;
}

/** What the container's own resolv.conf(5) says instead of the host's. */
export interface ContainerResolver {
  readonly servers?: readonly string[];
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

export type ContainerMount =
  | {
      readonly type: "bind";
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly createSource: boolean;
    }
  | {
      readonly type: "volume";
      readonly source?: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** What the image holds at the target is not copied into a new volume. */
      readonly noCopy?: true;
    }
  | {
      readonly type: "tmpfs";
      readonly target: string;
      readonly sizeBytes?: number;
      readonly mode?: number;
      readonly uid?: number;
      readonly gid?: number;
      readonly inodes?: number;
      readonly readOnly?: boolean;
      /** Programs in it may be run; absent, they may not. */
      readonly exec?: boolean;
      readonly suid?: boolean;
    };

export interface ContainerLimits {
  readonly nanocpus?: number;
  readonly memoryBytes?: number;
  /** Memory and swap together; -1 leaves swap unlimited. */
  readonly memorySwapBytes?: number;
  readonly memoryReservationBytes?: number;
  /** -1 is unlimited. */
  readonly pids?: number;
  /** 2 to 262144. */
  readonly cpuShares?: number;
  /** As cpuset(7) lists CPUs. */
  readonly cpuset?: string;
  /** 10 to 1000. */
  readonly blkioWeight?: number;
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
  /** First of 65,536 ids of the host's that are the container's own, where it is in a user namespace. */
  readonly idBase?: number;
  /** Its address in its first network, if it has one: where its published ports lead. */
  readonly address?: string;
  /** Absent where it is in its project's own network alone. */
  readonly networks?: readonly NetworkAttachment[];
  /** The user stopped it by hand: the restart policy rests until it is started again. */
  readonly stoppedByUser: boolean;
  /** Starts by the restart policy in a row, reset once it ran for ten seconds. */
  readonly failures: number;
  /** Of a run of a schedule: the time it is for, ms since the epoch. */
  readonly runAt?: number;
  /** Gantry is stopping it only to start it anew: whoever finds it stopped so goes on with that. */
  readonly restarting?: true;
  /** Of one without a project: whether it was ever told to start. Before, no restart policy speaks. */
  readonly started?: boolean;
  /** Of a step of a build: nobody sees it, and it is gone once the step is over. */
  readonly build?: true;
  /** It is removed, with its anonymous volumes, once it has ended. */
  readonly autoRemove?: true;
}
