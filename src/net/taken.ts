import { readFile } from "node:fs/promises";
import type { PublishedPort } from "./listener.ts";

/** A listening socket on this host. */
export interface TakenPort {
  readonly protocol: "tcp" | "udp";
  /** "0.0.0.0" and "::" mean every address of that family. */
  readonly address: string;
  readonly port: number;
}

const FILES = ["tcp", "tcp6", "udp", "udp6"] as const;

/**
 * The ports somebody listens on, sorted, without those in `exclude` (the proxy's own, with the port they are bound
 * to). Reads /proc/net, so it sees this network namespace only. A machine without IPv6 lacks two of the files.
 */
export async function takenPorts(exclude: readonly PublishedPort[]): Promise<TakenPort[]> {
  const own = new Set(
    exclude.flatMap(({ protocol, hostIp, hostPort }) =>
      (hostIp === undefined ? ["0.0.0.0", "::"] : [canonical(hostIp)]).map(
        (ip) => `${protocol} ${ip} ${hostPort}`,
      ),
    ),
  );
  const lists = await Promise.all(
    FILES.map(async (name) => {
      try {
        return parseSockets(
          await readFile(`/proc/net/${name}`, "utf8"),
          name.startsWith("tcp") ? "tcp" : "udp",
        );
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
        throw error;
      }
    }),
  );
  const found = new Map(
    lists.flat().map((taken) => [`${taken.protocol} ${taken.address} ${taken.port}`, taken]),
  );
  return [...found].filter(([key]) => !own.has(key)).map(([, taken]) => taken);
}

const LISTEN = "0A";
const UNCONNECTED = "07";

/** The listening sockets in the text of /proc/net/{tcp,tcp6,udp,udp6} (proc_pid_net(5)), for UDP the unconnected ones. */
export function parseSockets(text: string, protocol: "tcp" | "udp"): TakenPort[] {
  const wanted = protocol === "tcp" ? LISTEN : UNCONNECTED;
  const found: TakenPort[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line);
    if (match === null || match[3] !== wanted) continue;
    found.push({ protocol, address: addressOf(match[1]!), port: Number.parseInt(match[2]!, 16) });
  }
  return found.sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));
}

/** The kernel prints each 32-bit word in host order, which on gantry's little-endian machines is backwards. */
function addressOf(hexadecimal: string): string {
  const words = hexadecimal.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
  return canonical(bytes.join("").match(/.{4}/g)!.join(":"));
}

/** IPv6 addresses as RFC 5952 writes them; others as they are. */
function canonical(address: string): string {
  return address.includes(":") ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}
