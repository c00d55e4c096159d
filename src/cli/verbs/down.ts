import type { Progress } from "../../daemon/protocol.ts";
import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { followProgress } from "../follow-progress.ts";
import { interruptible } from "../interrupt.ts";
import { projectName, type SpecFlags } from "../spec-flags.ts";

export interface DownOptions extends SpecFlags {
  /** Remove the project's named volumes too, with all they hold. */
  readonly volumes?: boolean;
}

/** `gantry down`: stops and removes a project's containers and its network. */
export async function down(context: Context, options: DownOptions): Promise<number> {
  const client = await connect(context);
  const name = await projectName(context, client, options);
  return interruptible(context, "stopped waiting; the daemon goes on with it", async (signal) => {
    const query = { volumes: options.volumes === true ? 1 : 0 };
    const path = `/gantry/v1/projects/${segment(name)}`;
    await followProgress(context, client.lines<Progress>("DELETE", path, { query, signal }));
    return 0;
  });
}
