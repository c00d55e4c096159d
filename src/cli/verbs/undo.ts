import type { Progress, UndoRequest } from "../../daemon/protocol.ts";
import type { Context } from "../context.ts";
import { requestOfProject } from "../project-request.ts";
import type { SpecFlags } from "../spec-flags.ts";

export interface UndoOptions extends SpecFlags {
  /** The number of the revision to bring back; the one before when absent. */
  readonly to?: number;
}

/** `gantry undo`: what was applied before runs again, with the very images it had. The file is left alone. */
export async function undo(context: Context, options: UndoOptions): Promise<number> {
  const body: UndoRequest = options.to === undefined ? {} : { to: options.to };
  const status = await requestOfProject(
    context,
    options,
    (client, path, signal) => client.lines<Progress>("POST", `${path}/undo`, { body, signal }),
    { plan: true },
  );
  if (status === 0) context.stderr.write("the file still says otherwise: the next apply brings it back\n");
  return status;
}
