import type { PortUsage } from "../../daemon/protocol.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { humanBytes } from "../human.ts";
import { printList, type Format } from "../listing.ts";

/** `gantry stats --net`: what goes through the published ports, of one project or of all. */
export async function statsNet(
  context: Context,
  options: { readonly project?: string; readonly output: Format },
): Promise<number> {
  const client = await connect(context);
  const ports = await client.json<readonly PortUsage[]>("GET", "/gantry/v1/ports");
  const wanted = ports.filter(({ project }) => options.project === undefined || project === options.project);
  await printList(context, options.output, wanted, {
    heading: ["PORT", "SERVICE", "REPLICAS", "OPEN", "WAITING", "ACCEPTED", "RECEIVED", "SENT", "REFUSED"],
    row: (port) => [
      `${address(port)}${port.protocol === "udp" ? "/udp" : ""} -> ${port.containerPort}`,
      `${port.project}/${port.service}`,
      String(port.endpoints),
      String(port.open),
      String(port.held),
      String(port.accepted),
      humanBytes(port.receivedBytes),
      humanBytes(port.sentBytes),
      String(port.failed),
    ],
  });
  return 0;
}

function address({ hostIp, hostPort }: PortUsage): string {
  if (hostIp === undefined) return `*:${hostPort}`;
  return hostIp.includes(":") ? `[${hostIp}]:${hostPort}` : `${hostIp}:${hostPort}`;
}
