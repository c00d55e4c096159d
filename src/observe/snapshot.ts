import type { NetworkDefinition } from "../net/definition.ts";
import type { ContainerRecord, ContainerState, StartFailure } from "../runtime/container.ts";
import type { Health } from "../runtime/health/state.ts";

/** One container as it was seen at the snapshot's time: the record plus what the kernel says now. */
export interface ObservedContainer extends ContainerRecord {
  readonly state: ContainerState;
  /** Host pid of the container's first process while it runs. */
  readonly pid?: number;
  /** ms since the epoch; undefined when never started. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** 128 + signal for a killed process, as shells have it. */
  readonly exitCode?: number;
  readonly oomKilled: boolean;
  readonly startFailure?: StartFailure;
  /** While it runs and has a health check. */
  readonly health?: Health;
  /** It runs, but its processes are frozen. To the planner it runs: who paused it wants it so. */
  readonly paused?: true;
}

/** A listening socket on the host that is not ours. */
export interface TakenPort {
  readonly protocol: "tcp" | "udp";
  /** "0.0.0.0" and "::" mean every address of that family. */
  readonly address: string;
  readonly port: number;
}

/** A port that the proxy listens on for a project. */
export interface PublishedPort {
  readonly project: string;
  readonly service: string;
  readonly protocol: "tcp" | "udp";
  readonly hostIp?: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/** The world at one moment. Read once, never changed; the planner sees nothing else. */
export interface Snapshot {
  /** ms since the epoch. */
  readonly time: number;
  readonly containers: readonly ObservedContainer[];
  /** Image references that can be resolved, to the image's id. Only those the desired state asks for need be here. */
  readonly images: Readonly<Record<string, string>>;
  /** When the registry was last asked for them, in ms since the epoch: of those images that came from one. */
  readonly imagesCheckedAt: Readonly<Record<string, number>>;
  readonly networks: readonly NetworkDefinition[];
  /** Real names of the volumes that exist. */
  readonly volumes: readonly string[];
  readonly takenPorts: readonly TakenPort[];
  readonly published: readonly PublishedPort[];
}
