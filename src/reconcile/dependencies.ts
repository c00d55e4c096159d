import type { ObservedContainer } from "../observe/snapshot.ts";
import type { Dependency } from "../spec/project.ts";
import type { Later, Step } from "./action.ts";
import { subjectOf } from "./container-steps.ts";
import { DEPENDS_ON_LABEL } from "./dependency-label.ts";
import { groupBy } from "./group.ts";
import { own } from "./own.ts";
import { sharedServices } from "./shared.ts";
import type { Target } from "./target.ts";
import { topological } from "./topological.ts";

/** What starts a container. */
const STARTS: ReadonlySet<string> = new Set(["create", "start", "replace", "restart"]);

const STARTED: Dependency = { condition: "service_started", restart: false, required: true };

interface Ordered {
  readonly steps: readonly Step[];
  /** What has to wait for something that no step of this plan brings about. */
  readonly later: readonly Later[];
}

/**
 * Puts the steps that start a container after those that start what its service depends on. Where a dependency has to
 * be healthy or done, and is not yet, they come later: a container's health and end are seen, not made, and when they
 * are seen the next plan has these steps. A spec whose services wait for each other in a circle is refused before.
 */
export function inDependencyOrder(
  steps: readonly Step[],
  targets: readonly Target[],
  containersOf: (service: string) => readonly ObservedContainer[],
): Ordered {
  const byName = new Map(targets.map((target) => [target.name, target]));
  const waiting = targets.filter((target) => dependenciesOf(target).size > 0);
  if (waiting.length === 0) return { steps, later: [] };

  const starting = groupBy(
    steps.filter(({ action }) => STARTS.has(action.kind)),
    serviceOf,
  );
  const verdicts = new Map<string, string | undefined>();

  /** What a service still waits for, in words; undefined when its containers may start in this plan. */
  function obstacle(name: string): string | undefined {
    if (verdicts.has(name)) return verdicts.get(name);
    const target = byName.get(name);
    let found: string | undefined;
    for (const [dependency, how] of target === undefined ? [] : dependenciesOf(target)) {
      found = lacking(dependency, how);
      if (found !== undefined) break;
    }
    verdicts.set(name, found);
    return found;
  }

  function lacking(name: string, { condition, required }: Dependency): string | undefined {
    const target = byName.get(name);
    // Not in the file, scaled to nothing or stopped by hand: whoever did that wants it so.
    if (target === undefined || target.stopped || target.replicas === 0) return undefined;
    const pending = starting.get(name) ?? [];
    if (pending.length > 0 && obstacle(name) !== undefined) return `${name} has started`;
    if (condition === "service_started") return undefined;
    const wanted = containersOf(name).filter(({ owner }) => (owner?.number ?? 0) <= target.replicas);
    if (!required && pending.length === 0 && wanted.length > 0 && wanted.every(hasFailed)) return undefined;
    const met = condition === "service_healthy" ? serves : isDone;
    const enough = new Set(wanted.filter(met).map(({ owner }) => owner?.number)).size >= target.replicas;
    if (pending.length === 0 && enough) return undefined;
    return condition === "service_healthy" ? `${name} is healthy` : `${name} has done its work`;
  }

  const kept: Step[] = [];
  const later: Later[] = [];
  for (const step of steps) {
    const target = STARTS.has(step.action.kind) ? byName.get(serviceOf(step)) : undefined;
    const dependencies = target === undefined ? undefined : dependenciesOf(target);
    if (target === undefined || dependencies === undefined || dependencies.size === 0) kept.push(step);
    else {
      const until = obstacle(target.name);
      if (until !== undefined) later.push({ step, until });
      else {
        const first = [...dependencies.keys()].flatMap((name) =>
          (starting.get(name) ?? []).map(({ key }) => key),
        );
        kept.push({ ...step, after: [...new Set([...step.after, ...first])] });
      }
    }
  }
  return { steps: topological(kept), later };
}

/** Also whose namespaces it shares: they have to be there. */
function dependenciesOf({ service }: Target): ReadonlyMap<string, Dependency> {
  const shared = sharedServices(service.namespaces).map((name) => [name, STARTED] as const);
  return new Map([...shared, ...Object.entries(service.dependsOn ?? {})]);
}

/**
 * The steps that start running containers anew because a service they depend on with `restart: true` was replaced:
 * all it has was made after they were started.
 */
export function restartSteps(
  target: Target,
  containers: readonly ObservedContainer[],
  containersOf: (service: string) => readonly ObservedContainer[],
  after: readonly string[],
): Step[] {
  const replaced = Object.entries(target.service.dependsOn ?? {}).flatMap(([name, { restart }]) => {
    const found = restart ? containersOf(name) : [];
    return found.length === 0 ? [] : [{ name, since: Math.min(...found.map(({ createdAt }) => createdAt)) }];
  });
  if (replaced.length === 0 || target.stopped) return [];
  return containers.flatMap((container) => {
    const { id, state, startedAt = Infinity, config } = container;
    const cause = replaced.find(({ since }) => since > startedAt);
    if (state !== "running" || cause === undefined) return [];
    const subject = subjectOf(container);
    return [
      {
        key: `restart ${subject}`,
        action: { kind: "restart", id, graceMs: config.stopGraceMs } as const,
        subject,
        cause: `${cause.name} was replaced (depends_on: restart)`,
        after,
      },
    ];
  });
}

/** The same steps, those that end a container after those that end the containers which depend on it. */
export function inEndingOrder(steps: readonly Step[], containers: readonly ObservedContainer[]): Step[] {
  const byId = new Map(containers.map((container) => [container.id, container]));
  const needs = steps.flatMap(({ action, key }) => {
    if (action.kind !== "remove" && action.kind !== "stop") return [];
    const label = own(byId.get(action.id)?.config.labels ?? {}, DEPENDS_ON_LABEL) ?? "";
    const names = label.split(",").map((entry) => entry.split(":", 1)[0] ?? "");
    return names.filter((name) => name !== "").map((name) => ({ name, key }));
  });
  const dependents = groupBy(needs, ({ name }) => name);
  if (dependents.size === 0) return [...steps];
  const ordered = steps.map((step) => {
    const { action } = step;
    if (action.kind !== "remove" && action.kind !== "stop") return step;
    const service = byId.get(action.id)?.owner?.service ?? "";
    const first = (dependents.get(service) ?? []).map(({ key }) => key).filter((key) => key !== step.key);
    return first.length === 0 ? step : { ...step, after: [...new Set([...step.after, ...first])] };
  });
  return topological(ordered);
}

/** `web` of the subject `web.3`. */
function serviceOf({ subject }: Step): string {
  return subject.slice(0, subject.lastIndexOf("."));
}

/** Without a health check nothing more can be asked of it. */
function serves({ state, health }: ObservedContainer): boolean {
  return state === "running" && (health === undefined || health.status === "healthy");
}

function isDone({ state, exitCode }: ObservedContainer): boolean {
  return state === "exited" && exitCode === 0;
}

function hasFailed({ state, exitCode, startFailure, health }: ObservedContainer): boolean {
  if (state === "running") return health?.status === "unhealthy";
  return startFailure !== undefined || (exitCode ?? 0) !== 0;
}
