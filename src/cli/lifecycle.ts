import type { Progress, ServicesRequest } from "../daemon/protocol.ts";
import { segment, type Client } from "./client.ts";
import { connect } from "./daemon-start.ts";
import type { Context } from "./context.ts";
import { eachOf } from "./each.ts";
import { followProgress } from "./follow-progress.ts";
import { interruptible } from "./interrupt.ts";
import type { SpecFlags } from "./spec-flags.ts";
import { findTargets, type Targets } from "./targets.ts";

export interface LifecycleOptions extends SpecFlags {
  /** Seconds a container gets to stop by itself; its own grace period when absent. */
  readonly time?: number;
}

/** start, stop and restart: services of a project through gantry's API, single containers through docker's. */
export async function lifecycle(
  context: Context,
  verb: "start" | "stop" | "restart",
  words: readonly string[],
  options: LifecycleOptions,
): Promise<number> {
  const client = await connect(context);
  const targets = await findTargets(context, client, words, options);
  return interruptible(context, "stopped waiting; the daemon goes on with it", async (signal) => {
    const services = await ofServices(context, client, verb, targets, signal);
    const containers = await eachOf(context, targets.containers, (container) =>
      client.text("POST", `/containers/${segment(container)}/${verb}`, {
        query: { t: options.time },
        signal,
      }),
    );
    return services || containers;
  });
}

async function ofServices(
  context: Context,
  client: Client,
  verb: string,
  { project, services }: Targets,
  signal: AbortSignal,
): Promise<number> {
  if (project === undefined || services?.length === 0) return 0;
  const body: ServicesRequest = services === undefined ? {} : { services };
  const stream = client.lines<Progress>("POST", `/gantry/v1/projects/${segment(project)}/${verb}`, {
    body,
    signal,
  });
  await followProgress(context, stream);
  return 0;
}
