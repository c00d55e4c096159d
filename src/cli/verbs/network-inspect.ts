import { segment } from "../client.ts";
import type { Context } from "../context.ts";
import { inspectEach, type InspectOptions } from "../inspect-each.ts";

/** `gantry network inspect NETWORK...`: one array. Status 1 if any is unknown. */
export async function networkInspect(
  context: Context,
  names: readonly string[],
  options: InspectOptions,
): Promise<number> {
  return await inspectEach(context, names, options, (client, name) =>
    client.json<unknown>("GET", `/networks/${segment(name)}`),
  );
}
