import type { ApplyRequest, Progress } from "../daemon/protocol.ts";
import type { Project } from "../spec/project.ts";
import { segment, type Client } from "./client.ts";

export interface ApplyCall {
  /** The stream ends when the replicas run instead of when the plan is carried out. */
  readonly wait: boolean;
  /** Aborting it only stops listening: what the daemon took on, it finishes. */
  readonly signal?: AbortSignal;
}

/** PUTs a project: from now on the daemon keeps it so. */
export function applyProject(client: Client, project: Project, call: ApplyCall): AsyncIterable<Progress> {
  const body: ApplyRequest = { project };
  return client.lines<Progress>("PUT", `/gantry/v1/projects/${segment(project.name)}`, {
    query: { wait: call.wait ? 1 : 0 },
    body,
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  });
}
