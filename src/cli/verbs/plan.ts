import type { PlanRequest, PlanResponse } from "../../daemon/protocol.ts";
import type { Project } from "../../spec/project.ts";
import { segment, type Client } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { printValue, type Format } from "../listing.ts";
import { loadSpec, type SpecFlags } from "../spec-flags.ts";

export interface PlanOptions extends SpecFlags {
  readonly output: Format;
}

/** `gantry plan`: what apply would do. Status 0: nothing; 2: changes; 1: it would be refused. Changes nothing. */
export async function plan(context: Context, options: PlanOptions): Promise<number> {
  const { project } = await loadSpec(context, options);
  const response = await requestPlan(await connect(context), project);
  if (options.output === "table") context.stdout.write(`${response.text.trimEnd()}\n`);
  else await printValue(context, options.output, response);
  if (response.plan.problems.length > 0) return 1;
  return response.plan.steps.length + response.plan.later.length > 0 ? 2 : 0;
}

export function requestPlan(client: Client, project: Project): Promise<PlanResponse> {
  const body: PlanRequest = { project };
  return client.json<PlanResponse>("POST", `/gantry/v1/projects/${segment(project.name)}/plan`, { body });
}
