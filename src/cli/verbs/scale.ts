import { GantryError, messageOf } from "../../error.ts";
import type { Progress, ScaleRequest } from "../../daemon/protocol.ts";
import type { Project } from "../../spec/project.ts";
import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { editFile } from "../edit-file.ts";
import { followProgress } from "../follow-progress.ts";
import { interruptible } from "../interrupt.ts";
import { parseScales, type Scale } from "../scale-argument.ts";
import { loadOptions, loadSpec, projectName, specFile, type SpecFlags } from "../spec-flags.ts";
import { apply } from "./apply.ts";

export interface ScaleOptions extends SpecFlags {
  /** False: override in the daemon until the next apply, the file stays as it is. */
  readonly edit: boolean;
  readonly wait?: boolean;
}

/** `gantry scale SERVICE=N...`: writes the numbers into the YAML file, then applies it. */
export async function scale(
  context: Context,
  words: readonly string[],
  options: ScaleOptions,
): Promise<number> {
  const scales = parseScales(words);
  return options.edit ? scaleFile(context, scales, options) : scaleDaemon(context, scales, options);
}

async function scaleFile(context: Context, scales: readonly Scale[], options: ScaleOptions): Promise<number> {
  // A broken file is not edited: loading it throws its diagnostics.
  const { project } = await loadSpec(context, options);
  for (const { service } of scales) requireService(project, service);
  const file = await specFile(context, options);
  if (file === undefined)
    throw new GantryError("request.invalid", "standard input cannot be edited", { next: "try: --no-edit" });
  const { setReplicas } = await import("../../spec/edit.ts");
  await editFile(file, (text) => {
    try {
      return scales.reduce((edited, { service, replicas }) => setReplicas(edited, service, replicas), text);
    } catch (cause) {
      throw new GantryError("spec.invalid", `${file}: ${messageOf(cause)}`, {
        next: "try: --no-edit",
        cause,
      });
    }
  });
  const { loadProject } = await import("../../spec/load.ts");
  const { project: edited } = await loadProject(loadOptions(context, options));
  for (const { service, replicas } of scales)
    if (edited.services[service]?.replicas !== replicas)
      throw new GantryError(
        "spec.invalid",
        `${file} was edited, and another file says otherwise of ${service}`,
        {
          next: "edit that one, or use: --no-edit",
        },
      );
  return apply(context, options);
}

function requireService(project: Project, service: string): void {
  if (Object.hasOwn(project.services, service)) return;
  throw new GantryError("request.invalid", `${project.name} has no service called ${service}`, {
    next: `it has: ${Object.keys(project.services).join(", ")}`,
  });
}

async function scaleDaemon(
  context: Context,
  scales: readonly Scale[],
  options: ScaleOptions,
): Promise<number> {
  const client = await connect(context);
  const name = await projectName(context, client, options);
  return interruptible(context, "stopped waiting; the daemon goes on with it", async (signal) => {
    for (const { service, replicas } of scales) {
      const body: ScaleRequest = { service, replicas };
      const path = `/gantry/v1/projects/${segment(name)}/scale`;
      await followProgress(context, client.lines<Progress>("POST", path, { body, signal }));
    }
    return 0;
  });
}
