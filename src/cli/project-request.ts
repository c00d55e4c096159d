import type { Progress } from "../daemon/protocol.ts";
import { segment, type Client } from "./client.ts";
import { connect } from "./daemon-start.ts";
import type { Context } from "./context.ts";
import { followProgress, type FollowOptions } from "./follow-progress.ts";
import { interruptible } from "./interrupt.ts";
import { projectName, type SpecFlags } from "./spec-flags.ts";

/**
 * Asks something of the project that the flags mean and shows its progress to the end; ctrl-C only stops listening.
 * Throws as `followProgress` does.
 */
export async function requestOfProject(
  context: Context,
  flags: SpecFlags,
  request: (client: Client, path: string, signal: AbortSignal) => AsyncIterable<Progress>,
  options: FollowOptions = {},
): Promise<number> {
  const client = await connect(context);
  const path = `/gantry/v1/projects/${segment(await projectName(context, client, flags))}`;
  return interruptible(context, "stopped waiting; the daemon goes on with it", async (signal) => {
    await followProgress(context, request(client, path, signal), options);
    return 0;
  });
}
