import type { Subnet } from "./ipv4.ts";

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

function swap(hexadecimal: string): number {
  const octets = hexadecimal.match(/../g) ?? [];
  return Number.parseInt(octets.toReversed().join(""), 16);
}

function prefixOf(mask: number): number {
  return Math.clz32(~mask);
}
