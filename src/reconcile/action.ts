import type { ContainerConfig, ContainerOwner } from "../runtime/container.ts";
import type { NetworkDefinition } from "../net/definition.ts";
import type { PublishedPort } from "../observe/snapshot.ts";

/**
 * The one table of actions. The union type, the executor's map and the renderer derive from it,
 * so an action that is added here and forgotten there does not compile.
 */
export interface Actions {
  "create-network": { readonly network: NetworkDefinition };
  "remove-network": { readonly name: string };
  "create-volume": { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  "remove-volume": { readonly name: string };
  /** Import a root file system archive under a reference. */
  "import-image": { readonly reference: string; readonly file: string };
  /** Bring an image from its registry; `refresh`: one of that name is here, and may be outdated. */
  "pull-image": { readonly reference: string; readonly refresh: boolean };
  /** Make the proxy's listeners of a service exactly these (may be none). Fails with port.taken before anything else is done. */
  publish: { readonly project: string; readonly service: string; readonly ports: readonly PublishedPort[] };
  /** Create a new container and start it. */
  create: {
    readonly name: string;
    readonly owner: ContainerOwner;
    readonly config: ContainerConfig;
    /** Undefined where the plan itself brings the image first: the executor resolves the reference then. */
    readonly imageId?: string;
    readonly fingerprint: Readonly<Record<string, string>>;
  };
  /** Create a container for a run that comes later; `runAt` in ms since the epoch. */
  schedule: Actions["create"] & { readonly runAt: number };
  /** Say of a run that is yet to come when it comes. */
  reschedule: { readonly id: string; readonly runAt: number };
  /** Start a container that exists and does not run. `failures` is what the record's count becomes. */
  start: { readonly id: string; readonly failures: number };
  /** Change a container without touching its process. */
  update: {
    readonly id: string;
    readonly config: ContainerConfig;
    readonly fingerprint: Readonly<Record<string, string>>;
    readonly fields: readonly string[];
  };
  /** Drain, stop with the grace period, start again. `failures`, where given, is what the record's count becomes. */
  restart: { readonly id: string; readonly graceMs: number; readonly failures?: number };
  /** Drain, stop with the grace period, keep the container. */
  stop: { readonly id: string; readonly graceMs: number };
  /** Drain, stop with the grace period, remove container and writable layer. */
  remove: { readonly id: string; readonly graceMs: number };
  /** A new container in place of an old one of the same replica number. */
  replace: {
    readonly id: string;
    readonly order: "start-first" | "stop-first";
    /** Whether the old one runs: then there is something to go back to. */
    readonly ran: boolean;
    readonly graceMs: number;
    /** How long the new one has to stay up, in ms, before it counts as ready; the least there is when absent. */
    readonly monitorMs?: number;
    /** How long to wait after it, in ms. */
    readonly delayMs?: number;
    readonly name: string;
    readonly owner: ContainerOwner;
    readonly config: ContainerConfig;
    readonly imageId?: string;
    readonly fingerprint: Readonly<Record<string, string>>;
  };
}

export type ActionKind = keyof Actions;

/** `Action` is the union of all, `Action<"start">` one of them. */
export type Action<K extends ActionKind = ActionKind> = { [P in K]: { readonly kind: P } & Actions[P] }[K];

/** Those that make a container. */
export type MakingAction = Action<"create" | "replace" | "schedule">;

export function makesContainer(action: Action): action is MakingAction {
  return action.kind === "create" || action.kind === "replace" || action.kind === "schedule";
}

/** An action in a plan: what it is about, why, and what must be done first. */
export interface Step {
  /** Unique in its plan, stable for equal input: `create web.3`. */
  readonly key: string;
  readonly action: Action;
  /** What it acts on, as people name it: `web.3`, `network shop`, `port 8080`. */
  readonly subject: string;
  /** Why, in words a user reads: `memory 64M -> 128M`, `replicas 3 -> 5`, `exited with status 1, restart: always`. */
  readonly cause: string;
  /** Keys of the steps that must have succeeded before. */
  readonly after: readonly string[];
}

/** Something that stands in the way: nothing is changed while a plan has one of these. */
export interface Problem {
  readonly code: "port.taken" | "image.not-found" | "conflict";
  readonly subject: string;
  readonly message: string;
  readonly next: string;
}

/** A step that cannot be taken yet. */
export interface Later {
  readonly step: Step;
  /** What has to be seen first, in words: `db is healthy`. */
  readonly until: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** What is left to do once something else has happened; the loop looks again by itself. */
  readonly later: readonly Later[];
  readonly problems: readonly Problem[];
  /** When to look again though nothing happened (a backoff runs out); ms since the epoch. */
  readonly wakeAt: number | null;
}
