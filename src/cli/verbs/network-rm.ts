import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { reportError } from "../report-error.ts";

/** `gantry network rm NETWORK...`. */
export async function networkRm(context: Context, names: readonly string[]): Promise<number> {
  const client = await connect(context);
  let status = 0;
  for (const name of names) {
    try {
      await client.text("DELETE", `/networks/${segment(name)}`);
      context.stdout.write(`${name}\n`);
    } catch (error) {
      reportError(context, error);
      status = 1;
    }
  }
  return status;
}
