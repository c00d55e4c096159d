import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";

/** `gantry network prune`: prints what was removed. */
export async function networkPrune(context: Context): Promise<number> {
  const client = await connect(context);
  const { NetworksDeleted } = await client.json<{ readonly NetworksDeleted: readonly string[] }>(
    "POST",
    "/networks/prune",
  );
  context.stdout.write(NetworksDeleted.map((name) => `${name}\n`).join(""));
  return 0;
}
