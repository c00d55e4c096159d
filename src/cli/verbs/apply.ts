import { GantryError } from "../../error.ts";
import type { Project } from "../../spec/project.ts";
import { applyProject } from "../apply-project.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { followProgress } from "../follow-progress.ts";
import { interruptible } from "../interrupt.ts";
import { buildProject, isThere } from "../project-builds.ts";
import { parseScales } from "../scale-argument.ts";
import { loadSpec, type SpecFlags } from "../spec-flags.ts";
import { requestPlan } from "./plan.ts";

export interface ApplyOptions extends SpecFlags {
  /** Return only when every replica runs. */
  readonly wait?: boolean;
  /** Show what would be done, do nothing. */
  readonly dryRun?: boolean;
  /** Build images whether they are here or not. */
  readonly build?: boolean;
  /** `SERVICE=N`: so many replicas instead of the file's. */
  readonly scale?: readonly string[];
}

/** `gantry apply`: makes the machine match the file, and keeps it so. */
export async function apply(context: Context, options: ApplyOptions): Promise<number> {
  const loaded = await loadSpec(context, options);
  const project = scaled(loaded.project, options.scale ?? []);
  const client = await connect(context);
  if (options.dryRun === true) {
    const { plan, text } = await requestPlan(client, project);
    context.stdout.write(`${text.trimEnd()}\n`);
    return plan.problems.length > 0 ? 1 : 0;
  }
  return interruptible(
    context,
    "stopped waiting; the daemon goes on with it (see: gantry ps)",
    async (signal) => {
      await buildProject(
        context,
        client,
        loaded,
        async ({ image, always }) => options.build === true || always || !(await isThere(client, image)),
        { progress: "auto", quiet: false },
        signal,
      );
      await followProgress(context, applyProject(client, project, { wait: options.wait === true, signal }));
      return 0;
    },
  );
}

/** Throws GantryError `request.invalid` for a service that the project has not. */
function scaled(project: Project, words: readonly string[]): Project {
  const services = { ...project.services };
  for (const { service, replicas } of parseScales(words)) {
    const definition = Object.hasOwn(services, service) ? services[service] : undefined;
    if (definition === undefined)
      throw new GantryError("request.invalid", `${project.name} has no service called ${service}`, {
        next: `it has: ${Object.keys(services).join(", ")}`,
      });
    services[service] = { ...definition, replicas };
  }
  return { ...project, services };
}
