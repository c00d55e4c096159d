import { segment } from "../client.ts";
import { type Context, say } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { eachOf } from "../each.ts";
import { type LimitFlags, limitsOf } from "../run/limits.ts";
import { compact } from "../run/values.ts";

/** `gantry update CONTAINER...`: limits and restart policy of running containers without a project, in place. */
export async function update(
  context: Context,
  containers: readonly string[],
  flags: LimitFlags,
): Promise<number> {
  const body = compact(limitsOf(flags));
  const client = await connect(context);
  return await eachOf(context, containers, async (container) => {
    const { Warnings } = await client.json<{ readonly Warnings: readonly string[] | null }>(
      "POST",
      `/containers/${segment(container)}/update`,
      { body },
    );
    for (const warning of Warnings ?? []) say(context, warning);
  });
}
