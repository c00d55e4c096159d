import { type Address, formatAddress, octetsOf, type Subnet } from "./ipv4.ts";

const RTF_UP = 0x1;

/**
 * The destinations in the text of /proc/net/route (proc_pid_net(5)), without default routes. The file prints
 * addresses as host-order hexadecimal, which on gantry's little-endian machines is the octets backwards.
 * Lines that do not look like a route are skipped.
 */
export function parseRoutes(text: string): Subnet[] {
  const routes: Subnet[] = [];
  for (const line of text.split("\n").slice(1)) {
    const [, destination = "", , flags = "", , , , mask = ""] = line.split(/\s+/);
    if (!/^[0-9A-F]{8}$/.test(destination) || !/^[0-9A-F]{8}$/.test(mask)) continue;
    if ((Number.parseInt(flags, 16) & RTF_UP) === 0) continue;
    const prefix = prefixOf(swap(mask));
    if (prefix > 0) routes.push({ base: swap(destination), prefix });
  }
  return routes;
}

/** The interface that leads to this one address, in the text of /proc/net/route; undefined where none does. */
export function interfaceTo(text: string, address: Address): string | undefined {
  const hexadecimal = Buffer.from(octetsOf(address).toReversed()).toString("hex").toUpperCase();
  return new RegExp(`^(\\S+)\\t${hexadecimal}\\t(?:\\S+\\t){5}FFFFFFFF\\t`, "m").exec(text)?.[1];
}

/** The single addresses, dotted, that there is a route to in the text of /proc/net/route. */
export function routesTo(text: string): ReadonlySet<string> {
  const single = parseRoutes(text).filter(({ prefix }) => prefix === 32);
  return new Set(single.map(({ base }) => formatAddress(base)));
}

function swap(hexadecimal: string): number {
  const octets = hexadecimal.match(/../g) ?? [];
  return Number.parseInt(octets.toReversed().join(""), 16);
}

function prefixOf(mask: number): number {
  return Math.clz32(~mask);
}
