import { segment } from "../client.ts";
import type { Context } from "../context.ts";
import { inspectEach, type InspectOptions } from "../inspect-each.ts";

/** `gantry volume inspect VOLUME...`: one array. Status 1 if any is unknown. */
export async function volumeInspect(
  context: Context,
  names: readonly string[],
  options: InspectOptions,
): Promise<number> {
  return await inspectEach(context, names, options, (client, name) =>
    client.json<unknown>("GET", `/volumes/${segment(name)}`),
  );
}
