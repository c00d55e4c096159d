import { GantryError } from "../../error.ts";
import type { Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { interruptible } from "../interrupt.ts";
import { buildProject } from "../project-builds.ts";
import { loadSpec, type SpecFlags } from "../spec-flags.ts";
import type { BuildFlags } from "./build.ts";
import { pairs } from "./build.ts";

/** `gantry build [SERVICE...]`: builds the images of a project's services, all of them unless told. */
export async function buildServices(
  context: Context,
  services: readonly string[],
  flags: Pick<BuildFlags, "buildArg" | "cache" | "pull" | "progress" | "quiet"> & SpecFlags,
): Promise<number> {
  const { project, builds } = await loadSpec(context, flags);
  for (const service of services)
    if (!Object.hasOwn(project.services, service))
      throw new GantryError("request.invalid", `${project.name} has no service called ${service}`, {
        next: `it has: ${Object.keys(project.services).join(", ")}; a folder is written ./${service}`,
      });
  const meant = services.map((service) => project.services[service]?.image);
  const given = pairs(flags.buildArg ?? [], context.env);
  const changed = builds.map((build) => ({
    ...build,
    arguments: { ...build.arguments, ...given },
    noCache: build.noCache || !flags.cache,
    pull: build.pull || flags.pull === true,
  }));
  const client = await connect(context);
  return await interruptible(context, "given up", async (signal) => {
    await buildProject(
      context,
      client,
      { project, builds: changed },
      async ({ image }) => services.length === 0 || meant.includes(image),
      { progress: flags.progress, quiet: flags.quiet === true },
      signal,
    );
    return 0;
  });
}
