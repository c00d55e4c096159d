import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { eachOf } from "../each.ts";

/** `gantry volume rm VOLUME...`: with what is in them. */
export async function volumeRm(
  context: Context,
  names: readonly string[],
  { force }: { readonly force?: boolean },
): Promise<number> {
  const client = await connect(context);
  return await eachOf(context, names, (name) =>
    client.text("DELETE", `/volumes/${segment(name)}`, { query: { force } }),
  );
}
