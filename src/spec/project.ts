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
  /** By the name the file uses; `default` is there without being named here. */
  readonly networks?: Readonly<Record<string, ProjectNetwork>>;
  /** Images the file says how to get, by the reference services use. */
  readonly images: Readonly<Record<string, ImageSource>>;
  /**
   * What configs and secrets hold, in base64, by SHA-256 digest: only on the way from the file to the daemon, which keeps
   * them apart from the project.
   */
  readonly contents?: Readonly<Record<string, string>>;
  /** Absolute path of the folder relative paths were resolved against. */
  readonly workingFolder: string;
  /** Absolute paths of the files this came from; "-" for standard input. */
  readonly files: readonly string[];
}

export interface Service {
  readonly image: string;
  readonly pullPolicy?: PullPolicy;
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
  readonly terminal?: true;
  readonly stdin?: "open";
  // What follows is absent wherever it says no more than the default.
  readonly security?: Security;
  readonly namespaces?: Namespaces;
  readonly devices?: readonly Device[];
  readonly deviceRules?: readonly DeviceRule[];
  readonly resolver?: Resolver;
  /** The first has the default route; absent, it is the project's own network. */
  readonly networks?: readonly ServiceNetwork[];
  /** Ports that are made known to others, and not published: `8080/tcp`. */
  readonly exposed?: readonly string[];
  /** Services by the further names under which this one alone finds them. */
  readonly links?: Readonly<Record<string, string>>;
  /** More lines for /etc/hosts, in the order of the file. */
  readonly extraHosts?: readonly ExtraHost[];
  readonly domainname?: string;
  /** The container's root cannot be written to; its mounts can. */
  readonly readOnly?: boolean;
  /** Size of /dev/shm in bytes; 64 MiB when absent. */
  readonly shmBytes?: number;
  /** By setrlimit(2)'s names in lower case without RLIMIT_: `nofile`. */
  readonly ulimits?: Readonly<Record<string, Ulimit>>;
  /** Kernel parameters of the container's own namespaces, by dotted name. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** -1000 to 1000; proc_pid_oom_score_adj(5). */
  readonly oomScoreAdjustment?: number;
  /** Further groups of the user, by name or number. */
  readonly groups?: readonly string[];
  readonly contents?: readonly Content[];
  /** Of its only container, instead of a generated one. */
  readonly containerName?: string;
  readonly log?: Log;
  /** Run inside after a start, and before a stop. */
  readonly hooks?: { readonly postStart: readonly Hook[]; readonly preStop: readonly Hook[] };
  /** OCI annotations: data for tools. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly healthcheck?: Healthcheck;
  /** `x-gantry: { startup, ready, live }`. */
  readonly probes?: Probes;
  /** It runs on a schedule, not all the time. */
  readonly job?: Job;
  /** By service. One whose absence is allowed may name a service that is not there. */
  readonly dependsOn?: Readonly<Record<string, Dependency>>;
  readonly rollout?: Rollout;
  /** How a rollback replaces them. */
  readonly rollback?: Rollout;
}

/** A config or secret as a file in the container. */
export interface Content {
  readonly kind: "config" | "secret";
  /** As the file calls it. */
  readonly name: string;
  /** Absolute path in the container. */
  readonly target: string;
  /** Of what it holds; in the daemon's state a name that only it can make. */
  readonly digest: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** A command run inside a container. */
export interface Hook {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
}

/** What becomes of a container's output. */
export interface Log {
  readonly driver: "files" | "none";
  /** Of one file, before it is rotated. */
  readonly maxBytes?: number;
  readonly maxFiles?: number;
}

/** When an image is pulled though it is here; absent: only when it is not. */
export type PullPolicy =
  /** Whenever somebody applies. */
  | "always"
  /** Not even when it is not here. */
  | "never"
  /** It is built, not pulled. */
  | "build"
  /** When somebody applies, and the last pull is longer ago than so many ms. */
  | number;

/** What is absent is the image's, or the default. */
export interface Healthcheck {
  /** `["CMD", program, ...]`, `["CMD-SHELL", line]`, or `["NONE"]`. */
  readonly test?: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly startPeriodMs?: number;
  readonly startIntervalMs?: number;
}

/** `x-gantry: { schedule }`, with its defaults. */
export interface Job {
  /** As the file has it, for people. */
  readonly schedule: string;
  readonly cron: Cron;
  /** IANA name. */
  readonly timezone: string;
  /** What becomes of a run whose time comes while another runs. */
  readonly concurrency: "forbid" | "allow" | "replace";
  /** What becomes of a run for whose time nobody was there. */
  readonly missed: "skip" | "once";
  /** Runs that are kept once they are over. */
  readonly history: number;
}

/** A schedule as crontab(5) has it: the values at which it comes, each sorted. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Of the month, from 1. */
  readonly days: readonly number[];
  /** From 1. */
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** Both kinds of days are restricted: then one of them is enough. */
  readonly eitherDay: boolean;
}

/** Gantry's own probes. */
export interface Probes {
  /** Until it succeeds the others are not asked. */
  readonly startup?: Probe;
  /** Only who succeeds gets connections and names. */
  readonly ready?: Probe;
  /** Who fails is restarted. */
  readonly live?: Probe;
}

/** What is absent is the default. */
export interface Probe {
  readonly question: ProbeQuestion;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  /** So many in a row make it fail. */
  readonly failures?: number;
  /** So many in a row make it succeed. */
  readonly successes?: number;
}

/** Ports are those of 127.0.0.1 as the container sees it. */
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

export interface Dependency {
  readonly condition: "service_started" | "service_healthy" | "service_completed_successfully";
  /** Start anew once that service was replaced. */
  readonly restart: boolean;
  /** False: go on without it where it is missing or has failed. */
  readonly required: boolean;
}

/** How replicas are replaced. What is absent is the default. */
export interface Rollout {
  /** 0 is all at once; 1 when absent. */
  readonly parallelism?: number;
  readonly delayMs?: number;
  /** Start-first where it is safe when absent. */
  readonly order?: "start-first" | "stop-first";
  /** How long a new replica has to stay up before it counts as ready. */
  readonly monitorMs?: number;
  /** What follows when new replicas do not become ready; a rollback when absent. */
  readonly failureAction?: "pause" | "continue" | "rollback";
  /** From 0 to 1: the share of replicas that may fail before that; 0 when absent. */
  readonly maxFailureRatio?: number;
}

export interface ProjectNetwork {
  /** The real name on this machine. */
  readonly name: string;
  /** Made by somebody else: never created, never removed. */
  readonly external: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Nothing leaves it, and nothing comes in. */
  readonly internal?: boolean;
  readonly subnets?: readonly ProjectSubnet[];
  /** Bytes. */
  readonly mtu?: number;
}

export interface ProjectSubnet {
  /** `172.28.0.0/16` */
  readonly subnet: string;
  /** The host's address in it; its first when absent. */
  readonly gateway?: string;
}

export interface ServiceNetwork {
  /** The name the file uses. */
  readonly network: string;
  readonly aliases?: readonly string[];
  /** IPv4. */
  readonly address?: string;
  /** `02:42:ac:11:65:43` */
  readonly hardwareAddress?: string;
  readonly priority?: number;
}

export interface Security {
  /** `CAP_NET_ADMIN`, or `ALL`. */
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly privileged?: boolean;
  readonly noNewPrivileges?: boolean;
  /** `unconfined`, or the text of a profile in docker's JSON format. */
  readonly seccomp?: string;
}

/**
 * Where a container does not get a namespace of its own. `service:X` shares that of a replica of the service,
 * `container:X` that of any container.
 */
export interface Namespaces {
  readonly network?: "none" | "host" | OfAnother;
  readonly pid?: "host" | OfAnother;
  readonly ipc?: "host" | OfAnother;
  readonly uts?: "host";
  readonly cgroup?: "host";
  readonly user?: "host";
}

export type OfAnother = `service:${string}` | `container:${string}`;

/** A device node of the host, or a folder of them. */
export interface Device {
  /** Absolute path on the host. */
  readonly source: string;
  /** Absolute path below /dev in the container. */
  readonly target: string;
  /** Some of `r`, `w` and `m` (mknod), in this order. */
  readonly permissions: string;
}

/** A line for the device control group. */
export interface DeviceRule {
  readonly type: "a" | "b" | "c";
  /** -1 is every number. */
  readonly major: number;
  readonly minor: number;
  readonly permissions: string;
}

/** What a container's own resolv.conf(5) says instead of the host's. */
export interface Resolver {
  readonly servers?: readonly string[];
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

export interface ExtraHost {
  readonly name: string;
  /** An IP address, or `host-gateway`: this machine as the container reaches it. */
  readonly address: string;
}

/** -1 is unlimited. */
export interface Ulimit {
  readonly soft: number;
  readonly hard: number;
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
      /** What the image holds at the target is not copied into a new volume. */
      readonly noCopy?: true;
    }
  | {
      readonly type: "tmpfs";
      readonly target: string;
      readonly sizeBytes?: number;
      readonly mode?: number;
      /** Owner of its root; 0 when absent. */
      readonly uid?: number;
      readonly gid?: number;
      /** Most files and folders it may hold. */
      readonly inodes?: number;
      readonly readOnly?: boolean;
      /** Programs in it may be run; absent, they may not. */
      readonly exec?: boolean;
      /** Set-user-ID bits in it count; absent, they do not. */
      readonly suid?: boolean;
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
  /** Memory and swap together, in bytes; -1 leaves swap unlimited. */
  readonly memorySwapBytes?: number;
  /** What is left to the container, in bytes, when others need memory. */
  readonly memoryReservationBytes?: number;
  /** -1 is unlimited; 4096 when absent. */
  readonly pids?: number;
  /** Relative weight of CPU time, 2 to 262144; 1024 when absent. */
  readonly cpuShares?: number;
  /** CPUs it may run on, as cpuset(7) lists them: `0-2,7`. */
  readonly cpuset?: string;
  /** Relative weight of block device input and output, 10 to 1000. */
  readonly blkioWeight?: number;
}

export interface RestartPolicy {
  readonly name: "no" | "always" | "on-failure" | "unless-stopped";
  /** Give up after so many in a row. */
  readonly maxRetries?: number;
  /** Always wait so long before a start; ever longer when absent. */
  readonly delayMs?: number;
  /** A run this long is a success: the failures are counted anew. Ten seconds when absent. */
  readonly windowMs?: number;
}
