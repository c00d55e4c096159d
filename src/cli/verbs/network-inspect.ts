import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { printValue } from "../listing.ts";
import { reportError } from "../report-error.ts";

/** `gantry network inspect NETWORK...`: one array. Status 1 if any is unknown. */
export async function networkInspect(
  context: Context,
  names: readonly string[],
  options: { readonly output: "json" | "yaml" },
): Promise<number> {
  const client = await connect(context);
  const found: unknown[] = [];
  let status = 0;
  for (const name of names) {
    try {
      found.push(await client.json<unknown>("GET", `/networks/${segment(name)}`));
    } catch (error) {
      reportError(context, error);
      status = 1;
    }
  }
  await printValue(context, options.output, found);
  return status;
}
