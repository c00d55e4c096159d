import type { Port } from "../spec/project.ts";

type Protocol = Port["protocol"];

/** Something to listen on. An absent address means every address of both families. */
export interface Endpoint {
  readonly protocol: Protocol;
  readonly address: string | undefined;
  readonly port: number;
}

/** Whether one socket keeps the other from being bound. Port 0 means any free one, so it never does. */
export function overlaps(a: Endpoint, b: Endpoint): boolean {
  if (a.port === 0 || a.port !== b.port || a.protocol !== b.protocol) return false;
  return covers(a.address, b.address) || covers(b.address, a.address);
}

/** One spelling per address: IPv4 mapped into IPv6 as IPv4, IPv6 as RFC 5952 writes it. */
export function canonicalAddress(address: string | undefined): string | undefined {
  if (address === undefined || !address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  // The URL parser is the one canonicaliser of IPv6 that is not part of a node module.
  const host = URL.canParse(`http://[${address}]/`) ? new URL(`http://[${address}]/`).hostname : address;
  return host.replace(/^\[|\]$/g, "").toLowerCase();
}

/** `8080`, `53/udp`, `127.0.0.1:8080`. */
export function endpointText(endpoint: Endpoint): string {
  const { address, port, protocol } = endpoint;
  const host = address === undefined ? "" : `${address.includes(":") ? `[${address}]` : address}:`;
  return `${host}${port}${protocol === "udp" ? "/udp" : ""}`;
}

/** Whether listening on `wide` takes `narrow` as well. */
function covers(wide: string | undefined, narrow: string | undefined): boolean {
  const a = canonicalAddress(wide);
  const b = canonicalAddress(narrow);
  if (a === undefined || a === b) return true;
  if (a === "0.0.0.0") return b === undefined || !b.includes(":");
  if (a === "::") return b === undefined || b.includes(":");
  return false;
}
