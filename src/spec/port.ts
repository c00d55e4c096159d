import { isIP } from "node:net";
import type { Port } from "./project.ts";
import { InvalidValue } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";

/** The long form, once the schema has passed it. */
export interface PortMap {
  readonly target: Integer;
  readonly published?: Integer;
  readonly host_ip?: string;
  readonly protocol?: "tcp" | "udp";
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const MAX_PORT = 65_535;
const SHORT =
  /^(?:(?:(?<ip>\[[^\]]*\]|[^:[\]]*):)?(?<host>[^:/[\]]*):)?(?<container>[^:/[\]]+)(?:\/(?<protocol>.*))?$/;

/**
 * The ports of one entry of `ports`: `80`, `8080:80`, `127.0.0.1:8080:80/udp`, `[::1]:80:80`,
 * `3000-3005:3000-3005`, or the map form. Throws InvalidValue.
 */
export function readPorts(entry: number | string | PortMap): readonly Port[] {
  return typeof entry === "object" ? longForm(entry) : shortForm(String(entry));
}

function shortForm(text: string): readonly Port[] {
  const groups = SHORT.exec(text)?.groups;
  const container = groups?.["container"];
  if (groups === undefined || container === undefined)
    throw new InvalidValue(`expected a port such as 80, 8080:80 or 127.0.0.1:8080:80/udp, got "${text}"`);
  const protocol = groups["protocol"] ?? "tcp";
  if (protocol !== "tcp" && protocol !== "udp")
    throw new InvalidValue(`the protocol "${protocol}" is neither tcp nor udp`);
  const host = groups["host"];
  return expand(
    protocol,
    address(groups["ip"]),
    // `127.0.0.1::80`: any port of that address.
    host === undefined || (host === "" && groups["ip"] !== undefined) ? undefined : readRange(host, 0),
    readRange(container, 1),
  );
}

function longForm(entry: PortMap): readonly Port[] {
  const target = readInteger(entry.target, 1, MAX_PORT);
  const published = entry.published === undefined ? undefined : readRange(String(entry.published), 0);
  return expand(entry.protocol ?? "tcp", address(entry.host_ip), published, { first: target, last: target });
}

function expand(
  protocol: Port["protocol"],
  hostIp: string | undefined,
  host: Range | undefined,
  container: Range,
): readonly Port[] {
  const count = container.last - container.first + 1;
  const hostCount = host === undefined ? count : host.last - host.first + 1;
  if (hostCount > 1 && count === 1)
    throw new InvalidValue("choosing one of a range of host ports is not built yet; name a single port");
  if (hostCount !== count)
    throw new InvalidValue(
      `the ranges differ in length: ${hostCount} host ports for ${count} container ports`,
    );
  return Array.from({ length: count }, (_, index) => ({
    protocol,
    ...(hostIp === undefined ? {} : { hostIp }),
    hostPort: host === undefined ? 0 : host.first + index,
    containerPort: container.first + index,
  }));
}

function readRange(text: string, minimum: number): Range {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (from === undefined) throw new InvalidValue(`"${text}" is not a port number or a range of them`);
  const first = readPort(from, minimum);
  const last = to === undefined ? first : readPort(to, minimum);
  if (last < first) throw new InvalidValue(`the range ${text} runs backwards`);
  return { first, last };
}

function readPort(digits: string, minimum: number): number {
  const port = Number(digits);
  if (port < minimum || port > MAX_PORT)
    throw new InvalidValue(`the port ${digits} is not between ${minimum} and ${MAX_PORT}`);
  return port;
}

function address(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const bare = text.startsWith("[") ? text.slice(1, -1) : text;
  if (isIP(bare) === 0) throw new InvalidValue(`"${bare}" is not an IP address`);
  return bare;
}
