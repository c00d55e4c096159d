import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";

export interface NetworkConnectOptions {
  readonly alias?: readonly string[];
  /** IPv4. */
  readonly ip?: string;
}

/** `gantry network connect NETWORK CONTAINER`. */
export async function networkConnect(
  context: Context,
  network: string,
  container: string,
  { alias, ip }: NetworkConnectOptions,
): Promise<number> {
  const client = await connect(context);
  await client.text("POST", `/networks/${segment(network)}/connect`, {
    body: {
      Container: container,
      EndpointConfig: {
        ...(alias === undefined ? {} : { Aliases: alias }),
        ...(ip === undefined ? {} : { IPAMConfig: { IPv4Address: ip } }),
      },
    },
  });
  return 0;
}
