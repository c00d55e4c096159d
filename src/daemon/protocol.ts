import type { Project } from "../spec/project.ts";
import type { PublishedPort } from "../observe/snapshot.ts";
import type { Plan } from "../reconcile/action.ts";
import type { ErrorCode } from "../error.ts";
import type { RevisionSummary } from "./revision.ts";

/** The shapes of /gantry/v1: what Docker's API has no word for. All bodies are JSON; streams are one JSON value per line. */

/** Body of every non-2xx answer; `message` alone is what docker's clients read. */
export interface ErrorBody {
  readonly message: string;
  readonly code: ErrorCode;
  readonly next?: string;
}

/** PUT /gantry/v1/projects/{name}?wait=0|1 -> stream of Progress. */
export interface ApplyRequest {
  readonly project: Project;
}

/** POST /gantry/v1/projects/{name}/plan {project?} -> PlanResponse. Without a project: the one that was applied last. */
export interface PlanRequest {
  readonly project?: Project;
}

export interface PlanResponse {
  readonly plan: Plan;
  /** The plan as people read it, one line per step, then the summary. */
  readonly text: string;
}

/** GET /gantry/v1/projects/{name}/history -> HistoryResponse. */
export interface HistoryResponse {
  /** Oldest first. */
  readonly revisions: readonly RevisionSummary[];
  /** The number of the one that is applied. */
  readonly current?: number;
  /** Where an undo without a number leads. */
  readonly before?: number;
}

/** GET /gantry/v1/projects/{name}/history/compare?from=N&to=M -> CompareResponse. */
export interface CompareResponse {
  /** As in a plan, a line for each service, network and volume that differs. */
  readonly changes: readonly string[];
}

/** POST /gantry/v1/projects/{name}/undo {to?} -> stream of Progress. */
export interface UndoRequest {
  readonly to?: number;
}

/** POST /gantry/v1/projects/{name}/scale -> stream of Progress. Lasts until the next apply. */
export interface ScaleRequest {
  readonly service: string;
  readonly replicas: number;
}

/** POST /gantry/v1/projects/{name}/stop|start|restart {services?} -> stream of Progress. */
export interface ServicesRequest {
  /** Every service when absent. */
  readonly services?: readonly string[];
}

/** DELETE /gantry/v1/projects/{name}?volumes=0|1 -> stream of Progress. */

/** GET /gantry/v1/projects -> ProjectSummary[]. */
export interface ProjectSummary {
  readonly name: string;
  readonly services: number;
  readonly wanted: number;
  readonly running: number;
  readonly files: readonly string[];
}

/** GET /gantry/v1/ports -> PortUsage[]: what goes through the proxy, by the port as it is bound. Counted since it was opened. */
export interface PortUsage extends PublishedPort {
  /** Replicas that get connections. */
  readonly endpoints: number;
  /** Connections with a replica now, and those that wait for one. */
  readonly open: number;
  readonly held: number;
  readonly accepted: number;
  /** From clients, and to them. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Attempts that a replica refused or did not answer; the connection went on to another. */
  readonly failed: number;
}

/** GET /gantry/v1/doctor -> DoctorLine[]. */
export interface DoctorLine {
  readonly name: string;
  readonly status: "ok" | "lacking" | "broken";
  readonly found: string;
  /** What the lack costs, or how to mend it; empty when all is well. */
  readonly cost: string;
}

/** A line of an NDJSON progress stream. The last line is always `done` or `error`. */
export type Progress =
  | { readonly type: "plan"; readonly text: string; readonly steps: number }
  | {
      readonly type: "step";
      readonly key: string;
      readonly subject: string;
      readonly kind: string;
      readonly state: "started" | "done" | "failed";
      readonly cause: string;
      /** Milliseconds it took, once over. */
      readonly ms?: number;
      readonly message?: string;
    }
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "done"; readonly changed: number; readonly ms: number }
  | { readonly type: "error"; readonly error: ErrorBody };
