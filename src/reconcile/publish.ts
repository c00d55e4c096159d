import type { PublishedPort, Snapshot } from "../observe/snapshot.ts";
import type { Port } from "../spec/project.ts";
import type { Step } from "./action.ts";
import { overlaps } from "./address.ts";
import { groupBy } from "./group.ts";
import { byText } from "./order.ts";
import { comparePorts, endpointOf, portsSubject, portsText, samePorts, wantedPorts } from "./ports.ts";
import type { Target } from "./target.ts";

export interface PublishSteps {
  /**
   * One after another, so that whatever waits for the last waits for all of them: a port that turns out to be taken
   * stops the plan before anything else is done.
   */
  readonly first: readonly Step[];
  /** Every listener the project should have. */
  readonly wanted: readonly PublishedPort[];
  /** What services that are gone or stopped still listen on: to be closed once their containers have drained. */
  readonly closing: ReadonlyMap<string, readonly PublishedPort[]>;
}

/** Plans a project's listeners. `after`: keys of steps that come before the first. */
export function publishSteps(
  project: string,
  targets: readonly Target[],
  snapshot: Snapshot,
  after: readonly string[],
): PublishSteps {
  const listening = listenersOf(project, snapshot);
  const open = targets.filter((target) => !target.stopped);
  const byNumber = groupBy(
    open.flatMap((target) => target.service.ports),
    (port) => port.hostPort,
  );
  const claimed = (port: Port): boolean =>
    (byNumber.get(port.hostPort) ?? []).some((claim) => overlaps(endpointOf(claim), endpointOf(port)));
  const wanted = new Map(
    open.map(({ name, service }) => [
      name,
      wantedPorts(project, name, service.ports, listening.get(name) ?? [], claimed),
    ]),
  );
  const all = [...wanted.values()].flat();
  const claims = groupBy(all, (port) => port.hostPort);
  const first: Step[] = [];
  const add = (step: Omit<Step, "after">): void => {
    const previous = first.at(-1);
    first.push({ ...step, after: previous === undefined ? after : [previous.key] });
  };

  // A port that moves between services is let go by all before any takes it up: two services may swap theirs.
  const remaining = new Map(listening);
  for (const [service, ports] of [...listening].sort(([a], [b]) => byText(a, b))) {
    const moving = ports.filter((port) => claimant(port, claims) !== undefined);
    const [moved] = moving;
    if (moved === undefined) continue;
    const kept = ports.filter((port) => !moving.includes(port));
    remaining.set(service, kept);
    const cause = `${service} hands it to ${claimant(moved, claims) ?? ""}`;
    add({
      key: `release ${service}`,
      action: publish(project, service, kept),
      subject: portsSubject(moving),
      cause,
    });
  }
  for (const [service, ports] of wanted) {
    const before = remaining.get(service) ?? [];
    if (samePorts(ports, before)) continue;
    const cause =
      before.length === 0
        ? `${service} publishes ${portsText(ports)}`
        : `${service}: ${portsText(before)} -> ${portsText(ports)}`;
    const subject = portsSubject(ports.length === 0 ? before : ports);
    add({ key: `publish ${service}`, action: publish(project, service, ports), subject, cause });
  }

  const closing = [...remaining].filter(([service, ports]) => !wanted.has(service) && ports.length > 0);
  return { first, wanted: all, closing: new Map(closing) };
}

/** What a project listens on, by service; sorted. */
export function listenersOf(project: string, snapshot: Snapshot): Map<string, PublishedPort[]> {
  const mine = snapshot.published.filter((port) => port.project === project).sort(comparePorts);
  return groupBy(mine, (port) => port.service);
}

function publish(project: string, service: string, ports: readonly PublishedPort[]): Step["action"] {
  return { kind: "publish", project, service, ports };
}

/** The other service that wants what this listener holds. */
function claimant(
  port: PublishedPort,
  claims: ReadonlyMap<number, readonly PublishedPort[]>,
): string | undefined {
  return claims
    .get(port.hostPort)
    ?.find((claim) => claim.service !== port.service && overlaps(endpointOf(claim), endpointOf(port)))
    ?.service;
}
