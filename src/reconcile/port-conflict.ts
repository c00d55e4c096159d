import type { PublishedPort, Snapshot } from "../observe/snapshot.ts";
import type { Problem } from "./action.ts";
import { endpointText, overlaps, type Endpoint } from "./address.ts";
import { groupBy } from "./group.ts";
import { byText } from "./order.ts";
import { endpointOf } from "./ports.ts";

/** Something that holds a port, and what to tell whoever else wants it. */
interface Holder {
  readonly endpoint: Endpoint;
  /** Completes "port 8080 ...". */
  readonly text: string;
  readonly next: string;
}

/**
 * A problem for each wanted port that somebody else holds: a program of this machine, another project, or another
 * service of this one. What the project listens on already is its own, whichever service it moves to.
 */
export function portProblems(
  project: string,
  wanted: readonly PublishedPort[],
  snapshot: Snapshot,
): Problem[] {
  const mine = new Set(
    snapshot.published
      .filter((port) => port.project === project)
      .map((port) => endpointText(endpointOf(port))),
  );
  const outside = groupBy(outsiders(project, snapshot), (holder) => holder.endpoint.port);
  const inside = groupBy(wanted, (port) => port.hostPort);
  return wanted.flatMap((port) => {
    const endpoint = endpointOf(port);
    const holders = mine.has(endpointText(endpoint)) ? [] : (outside.get(port.hostPort) ?? []);
    const rivals = (inside.get(port.hostPort) ?? []).filter((other) => comesBefore(other, port));
    const inTheWay = [...holders, ...rivals.map((rival) => rivalHolder(rival))].find((holder) =>
      overlaps(holder.endpoint, endpoint),
    );
    if (inTheWay === undefined) return [];
    const subject = `port ${endpointText(endpoint)}`;
    const message = `${subject}, which service ${port.service} publishes, ${inTheWay.text}`;
    return [{ code: "port.taken", subject, message, next: inTheWay.next }] satisfies Problem[];
  });
}

/** All that hold ports and are not of this project, in an order that does not depend on the snapshot's. */
function outsiders(project: string, snapshot: Snapshot): Holder[] {
  const projects = snapshot.published
    .filter((port) => port.project !== project)
    .map((port) => ({
      endpoint: endpointOf(port),
      text: `is published by service ${port.service} of project ${port.project}`,
      next: `publish another port, or take project ${port.project} down first`,
    }));
  const programs = snapshot.takenPorts.map(({ protocol, address, port }) => ({
    endpoint: { protocol, address, port },
    text: `is taken by another program of this machine (listening on ${endpointText({ protocol, address, port })})`,
    next: `publish another port, or stop the program; try: ss -lnp ${protocol === "udp" ? "-u" : "-t"} sport = :${port}`,
  }));
  return [...projects, ...programs].sort((a, b) => byText(a.text, b.text));
}

function rivalHolder(port: PublishedPort): Holder {
  return {
    endpoint: endpointOf(port),
    text: `is published by service ${port.service} as well`,
    next: "give one of them another host port",
  };
}

/** Of two rivals only the later one is told. */
function comesBefore(a: PublishedPort, b: PublishedPort): boolean {
  const order = byText(a.service, b.service);
  return order < 0 || (order === 0 && rank(a) < rank(b));
}

function rank(port: PublishedPort): string {
  return `${port.hostIp ?? ""} ${port.containerPort}`;
}
