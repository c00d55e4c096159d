import type { Snapshot } from "../observe/snapshot.ts";
import type { Project } from "../spec/project.ts";

/** What a project should look like: the file, and what was asked for since it was applied. */
export interface Desired {
  readonly project: Project;
  /** Replica counts by service that override the file's until the next apply. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Services stopped by hand: their containers are kept but not run. */
  readonly stopped: readonly string[];
  /** Ids of images, by service, that count instead of what their names stand for. */
  readonly pins?: Readonly<Record<string, string>>;
  /** Services whose outdated replicas are left as they are. */
  readonly paused?: readonly string[];
  /** How often replacements failed, by subject (`web.1`): those are tried last. */
  readonly attempts?: Readonly<Record<string, number>>;
}

/** All that the planner knows: no clock, no file, no history beyond these. */
export interface PlanInput {
  /** null means down: nothing of the project should be left, save its volumes. */
  readonly desired: Desired | null;
  /** The project's name. */
  readonly project: string;
  readonly snapshot: Snapshot;
  /** ms since the epoch. */
  readonly now: number;
  /**
   * Services that somebody asks for by hand just now: replicas that failed or were stopped by hand are started at
   * once, whatever the restart policy and its delay say. A job that is done stays done.
   */
  readonly again?: readonly string[];
  /**
   * Only for down: the real names of the volumes to remove as well. A snapshot does not say whose a volume is, so
   * the caller names them: `ownVolumes` of the project that was applied last.
   */
  readonly removeVolumes?: readonly string[];
}

/** The real names of the volumes a project made itself, which `down -v` removes. */
export function ownVolumes(project: Project): string[] {
  return Object.values(project.volumes)
    .filter((volume) => !volume.external)
    .map((volume) => volume.name);
}
