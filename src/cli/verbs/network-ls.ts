import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { type NetworkSummary, shortId } from "../docker.ts";
import { printList, type Format } from "../listing.ts";

export interface NetworkListOptions {
  /** Only the ids. */
  readonly quiet?: boolean;
  readonly output: Format;
}

/** `gantry network ls`. */
export async function networkLs(context: Context, options: NetworkListOptions): Promise<number> {
  const client = await connect(context);
  const found = await client.json<readonly NetworkSummary[]>("GET", "/networks");
  if (options.quiet === true) {
    context.stdout.write(found.map(({ Id }) => `${shortId(Id)}\n`).join(""));
    return 0;
  }
  await printList(context, options.output, found, {
    heading: ["NETWORK ID", "NAME", "SUBNET", "GATEWAY", "INTERNAL"],
    row: ({ Id, Name, IPAM, Internal }) => [
      shortId(Id),
      Name,
      IPAM.Config.map(({ Subnet }) => Subnet).join(", "),
      IPAM.Config.map(({ Gateway }) => Gateway).join(", "),
      Internal ? "yes" : "no",
    ],
  });
  return 0;
}
