import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { eachOf } from "../each.ts";

export interface RmOptions {
  /** Kill it first if it runs. */
  readonly force?: boolean;
  /** Its anonymous volumes too. */
  readonly volumes?: boolean;
}

/** `gantry rm CONTAINER...`. A replica that its project still wants comes back. */
export async function rm(
  context: Context,
  containers: readonly string[],
  options: RmOptions,
): Promise<number> {
  const client = await connect(context);
  return eachOf(context, containers, (container) =>
    client.text("DELETE", `/containers/${segment(container)}`, {
      query: { force: options.force === true ? 1 : 0, v: options.volumes === true ? 1 : 0 },
    }),
  );
}
