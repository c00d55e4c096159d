import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";

/** `gantry network disconnect NETWORK CONTAINER`. */
export async function networkDisconnect(
  context: Context,
  network: string,
  container: string,
): Promise<number> {
  const client = await connect(context);
  await client.text("POST", `/networks/${segment(network)}/disconnect`, { body: { Container: container } });
  return 0;
}
