import type { Progress, UndoRequest } from "../../daemon/protocol.ts";
import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { followProgress } from "../follow-progress.ts";
import { interruptible } from "../interrupt.ts";
import { projectName, type SpecFlags } from "../spec-flags.ts";

export interface UndoOptions extends SpecFlags {
  /** The number of the revision to bring back; the one before when absent. */
  readonly to?: number;
}

/** `gantry undo`: what was applied before runs again, with the very images it had. The file is left alone. */
export async function undo(context: Context, options: UndoOptions): Promise<number> {
  const client = await connect(context);
  const name = await projectName(context, client, options);
  return interruptible(context, "stopped waiting; the daemon goes on with it", async (signal) => {
    const body: UndoRequest = options.to === undefined ? {} : { to: options.to };
    const path = `/gantry/v1/projects/${segment(name)}/undo`;
    await followProgress(context, client.lines<Progress>("POST", path, { body, signal }), { plan: true });
    context.stderr.write("the file still says otherwise: the next apply brings it back\n");
    return 0;
  });
}
