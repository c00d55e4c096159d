import type { Plan, Step } from "./action.ts";
import { classify, type Replica } from "./classify.ts";
import type { ObservedContainer } from "../observe/snapshot.ts";
import { nameProblems } from "./container-conflict.ts";
import { inDependencyOrder, inEndingOrder, restartSteps } from "./dependencies.ts";
import type { Desired, PlanInput } from "./desired.ts";
import { planDown } from "./down.ts";
import { groupBy } from "./group.ts";
import { imageProblems } from "./image-problem.ts";
import { portProblems } from "./port-conflict.ts";
import { closeSteps, leaving } from "./close.ts";
import { jobSteps } from "./job-steps.ts";
import { neededPulls, pullKey, pullSteps } from "./pull.ts";
import { publishSteps } from "./publish.ts";
import { removeSteps } from "./remove-steps.ts";
import { networkSteps, removeNetworkSteps } from "./networks.ts";
import { importKey, importSteps, volumeKey, volumeSteps } from "./resources.ts";
import { serviceSteps } from "./service-steps.ts";
import { targetsOf, type Target } from "./target.ts";

const GONE = "service is no longer in the file";
const NETWORK_GONE = "no service is in it any more";
const STOPPED = "service was stopped by hand";

/**
 * Compares what a project should be with what is there, and says what to do about it: a graph of steps, each with its
 * cause. A pure function, equal for equal input in whatever order. The same world as wanted gives no steps; a plan
 * with problems must not be executed.
 *
 * The order promised: network; listeners, one after another; volumes and images; containers, each after what it needs;
 * containers of services that are gone; listeners of services that are gone or stopped, after their containers.
 */
export function plan(input: PlanInput): Plan {
  return input.desired === null ? planDown(input) : planUp(input, input.desired);
}

function planUp({ project, snapshot, now, again = [] }: PlanInput, desired: Desired): Plan {
  const targets = targetsOf(desired, snapshot);
  const ours = snapshot.containers.filter((container) => container.owner?.project === project);
  const others = snapshot.containers.filter((container) => container.owner?.project !== project);
  const byService = groupBy(ours, (container) => container.owner?.service ?? "");

  const networks = networkSteps(desired.project, targets, snapshot);
  const network = networks.steps;
  const publishing = publishSteps(project, targets, snapshot, keys(network));
  const lastPublish = publishing.first.at(-1);
  const after = lastPublish === undefined ? keys(network) : [lastPublish.key];
  const volumes = volumeSteps(desired, snapshot, after);
  const imports = importSteps(desired, targets, after);
  const pulls = pullSteps(desired, targets, { snapshot, now, again, after });
  const brought = new Set(keys([...volumes.steps, ...imports, ...pulls]));
  const containersOf = (service: string): readonly ObservedContainer[] => byService.get(service) ?? [];
  const containerSteps: Step[] = [];
  let wakeAt: number | null = null;
  for (const target of targets.map((one) =>
    !one.pinned && brought.has(pullKey(one.service.image)) ? unresolved(one) : one,
  )) {
    const containers = byService.get(target.name) ?? [];
    const needs = needsOf(target).filter((key) => brought.has(key));
    const context = { project, target, after, needs };
    const { job } = target.service;
    if (job !== undefined) {
      const planned = jobSteps(context, job, containers, now);
      containerSteps.push(...planned.steps);
      if (planned.wakeAt !== null) wakeAt = Math.min(wakeAt ?? Infinity, planned.wakeAt);
      continue;
    }
    const replicas = classify(target, containers, { now, again: again.includes(target.name) });
    const serviceWork = serviceSteps(context, replicas, containers);
    const touched = new Set(serviceWork.map(({ subject }) => subject));
    const restarts = restartSteps(target, containers, containersOf, after);
    containerSteps.push(...serviceWork, ...restarts.filter(({ subject }) => !touched.has(subject)));
    wakeAt = earliest(wakeAt, replicas);
  }
  const services = new Set(targets.map((target) => target.name));
  const orphans = ours.filter((container) => !services.has(container.owner?.service ?? ""));
  containerSteps.push(...removeSteps(orphans, GONE, after));

  const reason = (service: string): string => (services.has(service) ? STOPPED : GONE);
  const bringing = [...volumes.steps, ...imports, ...neededPulls(pulls, containerSteps)];
  const resources = [...network, ...publishing.first, ...bringing];
  const closing = closeSteps(project, publishing.closing, reason, leaving(containerSteps, ours), after);
  const ordered = inDependencyOrder(inEndingOrder(containerSteps, ours), targets, containersOf);
  const before = [...resources, ...ordered.steps, ...closing];
  const steps = [...before, ...removeNetworkSteps(networks.stale, NETWORK_GONE, keys(before))];
  const problems = [
    ...networks.problems,
    ...portProblems(project, publishing.wanted, snapshot),
    ...volumes.problems,
    ...imageProblems([...resources, ...containerSteps]),
    ...nameProblems(containerSteps, others),
  ];
  return { steps, later: ordered.later, problems, wakeAt };
}

/** The keys of what a new container of this service cannot do without. */
function needsOf({ service }: Target): string[] {
  const volumes = service.mounts.flatMap((mount) =>
    mount.type === "volume" && mount.source !== undefined ? [volumeKey(mount.source)] : [],
  );
  return [importKey(service.image), pullKey(service.image), ...new Set(volumes)];
}

/** What its image will be is known once it was pulled. */
function unresolved({ fingerprint, imageId: _, ...target }: Target): Target {
  const { image: __, ...others } = fingerprint;
  return { ...target, imageId: undefined, fingerprint: others };
}

function earliest(wakeAt: number | null, replicas: readonly Replica[]): number | null {
  let result = wakeAt;
  for (const replica of replicas) {
    if (replica.bucket === "backing-off") result = Math.min(result ?? Infinity, replica.until);
  }
  return result;
}

function keys(steps: readonly Step[]): string[] {
  return steps.map((step) => step.key);
}
