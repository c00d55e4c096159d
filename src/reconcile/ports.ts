import type { PublishedPort } from "../observe/snapshot.ts";
import type { Port } from "../spec/project.ts";
import { endpointText, type Endpoint } from "./address.ts";
import { byText } from "./order.ts";

/**
 * The listeners a service should have, sorted, each once. A port that asks for any free host port keeps the one it was
 * given before, if it was; `claimed` says of one whether some service now asks for it by number.
 */
export function wantedPorts(
  project: string,
  service: string,
  ports: readonly Port[],
  listening: readonly PublishedPort[],
  claimed: (port: Port) => boolean,
): PublishedPort[] {
  const given = new Map(listening.map((port) => [identity(port), port]));
  const wanted = new Map<string, PublishedPort>();
  for (const port of ports.filter((candidate) => candidate.hostPort !== 0)) {
    given.delete(identity(port));
    wanted.set(identity(port), published(project, service, port));
  }
  const spare = [...given.values()].filter((port) => !claimed(port)).sort((a, b) => a.hostPort - b.hostPort);
  ports
    .filter((port) => port.hostPort === 0)
    .sort(comparePorts)
    .forEach((port, index) => {
      const kept = spare.findIndex((candidate) => sameButHostPort(candidate, port));
      const chosen = kept === -1 ? port : (spare.splice(kept, 1)[0] ?? port);
      // The index keeps apart several that may be any port.
      wanted.set(`${identity(chosen)} ${index}`, published(project, service, chosen));
    });
  return [...wanted.values()].sort(comparePorts);
}

/** Whether two sets of listeners are the same; both hold each listener once. */
export function samePorts(a: readonly Port[], b: readonly Port[]): boolean {
  if (a.length !== b.length) return false;
  const identities = new Set(a.map((port) => identity(port)));
  return b.every((port) => identities.has(identity(port)));
}

/** By host port, then protocol, address and container port. */
export function comparePorts(a: Port, b: Port): number {
  return a.hostPort - b.hostPort || byText(identity(a), identity(b));
}

export function endpointOf(port: Port): Endpoint {
  return { protocol: port.protocol, address: port.hostIp, port: port.hostPort };
}

/** `port 8080`, `ports 8080, 53/udp`. */
export function portsSubject(ports: readonly Port[]): string {
  return `${ports.length === 1 ? "port" : "ports"} ${shortList(ports.map((port) => hostText(port)))}`;
}

/** `8080:80, 53:53/udp` as Compose writes them; `none`. */
export function portsText(ports: readonly Port[]): string {
  if (ports.length === 0) return "none";
  return shortList(
    ports.map((port) => {
      const host = endpointText({ protocol: "tcp", address: port.hostIp, port: port.hostPort });
      return `${port.hostPort === 0 ? "any" : host}:${port.containerPort}${port.protocol === "udp" ? "/udp" : ""}`;
    }),
  );
}

function hostText(port: Port): string {
  return port.hostPort === 0 ? "any" : endpointText(endpointOf(port));
}

/** A range can be thousands of ports; a line should stay a line. */
function shortList(items: readonly string[]): string {
  const shown = items.slice(0, 3).join(", ");
  return items.length > 3 ? `${shown} and ${items.length - 3} more` : shown;
}

function published(project: string, service: string, port: Port): PublishedPort {
  const { protocol, hostIp, hostPort, containerPort } = port;
  return { project, service, protocol, ...(hostIp !== undefined && { hostIp }), hostPort, containerPort };
}

function identity(port: Port): string {
  return `${port.protocol} ${port.hostIp ?? "*"} ${port.hostPort} ${port.containerPort}`;
}

function sameButHostPort(a: Port, b: Port): boolean {
  return a.protocol === b.protocol && a.hostIp === b.hostIp && a.containerPort === b.containerPort;
}
