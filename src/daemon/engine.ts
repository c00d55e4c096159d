import type { ObservedContainer } from "../observe/snapshot.ts";
import type { NetworkDefinition } from "../net/definition.ts";
import type { Network } from "../net/networks.ts";
import type { ContainerNetwork, NetworkAttachment } from "../runtime/container.ts";
import type { Project } from "../spec/project.ts";
import type { HistoryEntry } from "../image/history.ts";
import type { Platform } from "../image/platform.ts";
import type { Credentials } from "../registry/credentials.ts";
import type { TransferEvent } from "../registry/transfer.ts";
import type { ExecConfig, ExecSession, LogLine, LogOptions, TerminalSize } from "../runtime/session.ts";
import type { ProcessTable } from "../runtime/process-table.ts";
import type { ContainerUsage } from "../runtime/usage.ts";
import type {
  DoctorLine,
  HistoryResponse,
  PortUsage,
  PlanResponse,
  Progress,
  ProjectSummary,
} from "./protocol.ts";
import type { Change } from "../image/archive.ts";
import type { PathStatus } from "./path-status.ts";
import type { DiskUsage } from "./disk-usage.ts";
import type { ContainerLimits, ContainerPort, ContainerRecord } from "../runtime/container.ts";
import type { Volume } from "../runtime/volumes.ts";
import type { BuildOperations } from "./build/operations.ts";
import type { AskedContainer } from "./creation.ts";
import type { WaitCondition } from "./wait.ts";

/**
 * What the API's routes call. Every method throws GantryError; a `reference` is a container's name, id, or unique
 * prefix of an id (container.not-found, or conflict when ambiguous).
 */
export interface Engine {
  readonly containers: {
    /** Every container of this instance, running or not, sorted by creation. */
    list(): Promise<readonly ObservedContainer[]>;
    find(reference: string): Promise<ObservedContainer>;
    /**
     * Makes one without a project; it does not run yet. conflict where the name is taken, image.not-found, spec.invalid
     * or limit.unsupported for what this machine cannot do.
     */
    create(asked: AskedContainer): Promise<{ readonly id: string; readonly warnings: readonly string[] }>;
    /** conflict where the name is taken, or the container is a project's. */
    rename(reference: string, name: string): Promise<void>;
    /** Changes one without a project while it runs. conflict for a project's: its file says what it is. */
    update(
      reference: string,
      change: { readonly limits?: ContainerLimits; readonly restart?: ContainerRecord["config"]["restart"] },
    ): Promise<readonly string[]>;
    /** The ports it is reached by now, with the host's ports that ephemeral ones got. */
    ports(container: Pick<ContainerRecord, "id" | "owner">): readonly ContainerPort[];
    /** Bytes on the disk of its writable layer and log. */
    size(reference: string): Promise<number>;
    /** Returns false when it ran already. */
    start(reference: string): Promise<boolean>;
    /** Returns false when it did not run. Marks it as stopped by the user. */
    stop(reference: string, options: StopOptions): Promise<boolean>;
    restart(reference: string, options: StopOptions): Promise<void>;
    /** `signal` as `SIGTERM`, `TERM` or `15`. */
    kill(reference: string, signal: string): Promise<void>;
    /** Stops every process of it where it is. container.not-running, conflict when it is paused already. */
    pause(reference: string): Promise<void>;
    /** Lets it go on. container.not-running, conflict when it is not paused. */
    unpause(reference: string): Promise<void>;
    /** container.running unless stopped or forced; `volumes` also removes its anonymous volumes. */
    remove(reference: string, options: { readonly force: boolean; readonly volumes: boolean }): Promise<void>;
    /** Resolves with the exit code once the condition (`not-running` when absent) holds. */
    wait(reference: string, condition?: WaitCondition, signal?: AbortSignal): Promise<number>;
    logs(reference: string, options: LogOptions): AsyncIterable<LogLine>;
    /** Its processes as ps(1) shows them. container.not-running, request.invalid for arguments ps cannot use. */
    processes(reference: string, psArguments: readonly string[]): Promise<ProcessTable>;
    /** What it uses; undefined while it does not run. */
    usage(reference: string): Promise<ContainerUsage | undefined>;
    exec(reference: string, config: ExecConfig): Promise<ExecSession>;
    /**
     * The stdio of one with an input or a terminal, as it comes; of one that does not run, its next life's. Rejects with
     * the signal's reason when aborted before.
     */
    attach(
      reference: string,
      options: { readonly input: boolean; readonly signal: AbortSignal },
    ): Promise<ExecSession>;
    /** Of its terminal; without one nothing happens. container.not-running. */
    resize(reference: string, size: TerminalSize): Promise<void>;
    /** What its writable layer changes of its image, sorted by path. */
    changes(reference: string): Promise<readonly Change[]>;
    /** A tar of all of its files but what is mounted. */
    export(reference: string): Promise<AsyncIterable<Uint8Array>>;
    /**
     * A tar of a file or folder in it, under its last component's name. path.not-found where there is none,
     * container.not-running for what is only mounted while it runs.
     */
    readPath(reference: string, path: string): Promise<AsyncIterable<Uint8Array>>;
    /** Throws as readPath does. */
    pathStatus(reference: string, path: string): Promise<PathStatus>;
    /** Unpacks a tar, plain or gzip, into a folder in it. Throws as readPath does, and image.invalid. */
    writePath(reference: string, options: WriteOptions, body: AsyncIterable<Uint8Array>): Promise<void>;
    /** Makes an image of it; returns the image's id. request.invalid for a change that cannot be made. */
    commit(reference: string, options: CommitOptions): Promise<string>;
  };
  readonly projects: {
    list(): Promise<readonly ProjectSummary[]>;
    /** project.not-found. `stopped` are the services stopped by hand. */
    get(name: string): Promise<{ readonly project: Project; readonly stopped: readonly string[] }>;
    apply(
      project: Project,
      options: { readonly wait: boolean; readonly signal?: AbortSignal },
    ): AsyncIterable<Progress>;
    plan(name: string, project: Project | undefined): Promise<PlanResponse>;
    /** project.not-found */
    history(name: string): Promise<HistoryResponse>;
    /** What lies between two revisions, a line each. project.not-found, revision.not-found. */
    compare(name: string, from: number, to: number): Promise<readonly string[]>;
    /** Brings a revision back, with the images it had; the one before when undefined. revision.not-found, image.not-found. */
    undo(name: string, to: number | undefined): AsyncIterable<Progress>;
    scale(name: string, service: string, replicas: number): AsyncIterable<Progress>;
    stop(name: string, services: readonly string[] | undefined): AsyncIterable<Progress>;
    start(name: string, services: readonly string[] | undefined): AsyncIterable<Progress>;
    restart(name: string, services: readonly string[] | undefined): AsyncIterable<Progress>;
    down(name: string, options: { readonly volumes: boolean }): AsyncIterable<Progress>;
  };
  readonly networks: {
    /** Sorted by name. */
    list(): Promise<readonly NetworkView[]>;
    /** By name, id, or unique prefix of an id. network.not-found, conflict when ambiguous. */
    find(reference: string): Promise<NetworkView>;
    /** conflict when there is one of that name or the subnet is taken, request.invalid. */
    create(definition: NetworkDefinition): Promise<NetworkView>;
    /** conflict while a container is in it or its project is there. */
    remove(reference: string): Promise<void>;
    /** Removes those made by hand that nobody is in. Returns their names. */
    prune(matches: (network: NetworkView) => boolean): Promise<readonly string[]>;
    connect(reference: string, container: string, options: Omit<ContainerNetwork, "name">): Promise<void>;
    disconnect(reference: string, container: string): Promise<void>;
  };
  readonly volumes: {
    list(): Promise<readonly VolumeSummary[]>;
    /** volume.not-found */
    find(name: string): Promise<VolumeSummary>;
    /** One that exists is left as it is; without a name it is anonymous. */
    create(name: string | undefined, labels: Readonly<Record<string, string>>): Promise<VolumeSummary>;
    /** volume.not-found (unless forced), volume.in-use */
    remove(name: string, options: { readonly force: boolean }): Promise<void>;
    /** Bytes on the disk. */
    size(name: string): Promise<number>;
  };
  readonly images: {
    list(): Promise<readonly ImageSummary[]>;
    /** Streams a root file system tar (plain or gzip) into the store. Returns the image's id. */
    import(body: AsyncIterable<Uint8Array>, reference: string): Promise<string>;
    /**
     * Pulls an image. The last event is `pulled`; throws registry.*, image.not-found, image.invalid, the first of them
     * before any event where nothing came of it at all.
     */
    pull(
      reference: string,
      options: TransferOptions & { readonly platform?: string },
    ): AsyncIterable<PullEvent>;
    /** Pushes the image of this name. The last event is `pushed`; throws as `pull` does. */
    push(reference: string, options: TransferOptions): AsyncIterable<PushEvent>;
    /** image.not-found, request.invalid. */
    tag(image: string, reference: string): Promise<void>;
    /** image.not-found. */
    inspect(reference: string): Promise<ImageInspection>;
    /** The last step first. image.not-found. */
    history(reference: string): Promise<readonly HistoryRow[]>;
    /** An archive for `load` of this and other engines. image.not-found. */
    save(references: readonly string[]): Promise<AsyncIterable<Uint8Array>>;
    /** Returns the names, or the id where it has none, of each image in the archive. image.invalid. */
    load(body: AsyncIterable<Uint8Array>): Promise<readonly LoadedImage[]>;
    /** Removes images that nobody uses: those without a name, or all of them. */
    prune(options: PruneOptions): Promise<Pruned>;
    usage(): Promise<ImageUsage>;
    /** Throws registry.denied where the registry does not know them. */
    logIn(server: string, who: { readonly username: string; readonly password: string }): Promise<void>;
    /** image.not-found, image.in-use (unless forced: then only the reference goes). Returns what was untagged and deleted. */
    remove(reference: string, options: { readonly force: boolean }): Promise<readonly ImageRemoval[]>;
  };
  readonly builds: BuildOperations;
  /** Calls the listener for every event until the returned function is called. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /** What containers and volumes take on the disk. */
  diskUsage(): Promise<DiskUsage>;
  /** What goes through each published port. */
  ports(): Promise<readonly PortUsage[]>;
  doctor(): Promise<readonly DoctorLine[]>;
}

export interface WriteOptions {
  /** Absolute path of a folder in the container. */
  readonly path: string;
  /** A folder is not replaced by something else, nor the other way round. */
  readonly keepKinds: boolean;
}

export interface CommitOptions {
  /** `name[:tag]`; the image has no name when absent. */
  readonly reference?: string;
  readonly author?: string;
  readonly comment?: string;
  /** Instructions in a Dockerfile's words. */
  readonly changes: readonly string[];
  /** No process of it runs while its files are read. */
  readonly pause: boolean;
}

export interface TransferOptions {
  /** What the user gave; else the daemon's own. */
  readonly credentials?: Credentials;
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

export type PullEvent =
  | TransferEvent
  | { readonly kind: "pulled"; readonly id: string; readonly digest: string; readonly changed: boolean };

export interface NetworkView extends Network {
  /** Who is in it, running or not. */
  readonly containers: readonly {
    readonly id: string;
    readonly name: string;
    readonly running: boolean;
    readonly attachment: NetworkAttachment;
  }[];
}

export type PushEvent =
  TransferEvent | { readonly kind: "pushed"; readonly digest: string; readonly size: number };

export interface ImageInspection {
  readonly image: ImageSummary;
  /** Its OCI configuration as JSON; undefined for the host image. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Bottom first. */
  readonly diffIds: readonly string[];
}

export interface HistoryRow extends HistoryEntry {
  /** Bytes of file data in the layer it made. */
  readonly sizeBytes: number;
}

export interface LoadedImage {
  readonly id: string;
  readonly names: readonly string[];
}

export interface PruneOptions {
  /** Those with a name as well. */
  readonly all: boolean;
  /** Only those made before, in ms since the epoch. */
  readonly until?: number;
  /** `key` or `key=value`, all of which they must have, or must not. */
  readonly labels: readonly string[];
  readonly notLabels: readonly string[];
}

export interface Pruned {
  readonly removed: readonly ImageRemoval[];
  readonly reclaimedBytes: number;
}

/** What images take on the disk: trees of layers, and archives. */
export interface ImageUsage {
  readonly totalBytes: number;
  /** Of each image, by id: all of its layers, and those of them that others have too. */
  readonly images: ReadonlyMap<string, { readonly sizeBytes: number; readonly sharedBytes: number }>;
}

export interface StopOptions {
  /** The container's own when absent. */
  readonly graceMs?: number;
  /** Instead of the container's own stop signal. */
  readonly signal?: string;
}

export interface VolumeSummary extends Volume {
  /** Ids of the containers that mount it. */
  readonly users: readonly string[];
}

export interface ImageSummary {
  /** `sha256:...`, or `host`. */
  readonly id: string;
  /** `name@sha256:...`, where registries have it. */
  readonly digests: readonly string[];
  readonly platform: Platform;
  /** `name:tag`, none for a dangling one. */
  readonly references: readonly string[];
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** How many containers were made from it. */
  readonly containers: number;
}

export type ImageRemoval = { readonly untagged: string } | { readonly deleted: string };

/** Docker's event vocabulary. */
export interface EngineEvent {
  readonly type: "container" | "image" | "network" | "volume";
  /** `create`, `start`, `die`, `oom`, `stop`, `kill`, `destroy`, `update`, `rename`, `import`, `untag`, `delete`, ... */
  readonly action: string;
  readonly id: string;
  /** Name, image, exitCode, labels, ... as docker's `Actor.Attributes`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly time: number;
}
