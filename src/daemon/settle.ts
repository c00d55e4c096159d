import { howItEnded } from "../apply/how-it-ended.ts";
import type { ObservedContainer } from "../observe/snapshot.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { RestartPolicy } from "../spec/project.ts";

/** How far a project is from what `--wait` waits for. */
export type Settled =
  | { readonly state: "yes" }
  | { readonly state: "no"; readonly waitingFor: string }
  | { readonly state: "never"; readonly service: string; readonly message: string };

/** Restarts in a row after which a replica counts as one that never comes up. */
const HOPELESS = 3;
/** A program that ends at once was up for a moment, too: it counts once it has run this long. */
const STEADY_MS = 250;
/** One that failed before has to prove more. */
const STEADY_AFTER_FAILURE_MS = 2000;

/**
 * Whether every wanted replica runs steadily, or has done its work (exit status 0, and nothing restarts it).
 * Pure; `now` in ms since the epoch.
 */
export function settled(desired: Desired, containers: readonly ObservedContainer[], now: number): Settled {
  const found = new Map<string, ObservedContainer>();
  for (const container of containers) {
    const { owner, state } = container;
    if (owner?.project !== desired.project.name) continue;
    const subject = `${owner.service}.${owner.number}`;
    if (state === "running" || !found.has(subject)) found.set(subject, container);
  }
  let waitingFor: string | undefined;
  for (const [service, { replicas, restart, job }] of Object.entries(desired.project.services)) {
    // What runs on a schedule comes in its time.
    if (desired.stopped.includes(service) || job !== undefined) continue;
    const wanted = desired.replicas[service] ?? replicas;
    for (let number = 1; number <= wanted; number++) {
      const subject = `${service}.${number}`;
      const verdict = judge(found.get(subject), restart, now);
      if (verdict === "waiting") waitingFor ??= subject;
      else if (verdict !== "up") return { state: "never", service, message: `${subject} ${verdict.message}` };
    }
  }
  return waitingFor === undefined ? { state: "yes" } : { state: "no", waitingFor };
}

function judge(
  replica: ObservedContainer | undefined,
  { name: restart, maxRetries = HOPELESS }: RestartPolicy,
  now: number,
): "up" | "waiting" | { readonly message: string } {
  if (replica === undefined) return "waiting";
  const { state, failures, exitCode, startFailure, startedAt = now, health } = replica;
  if (health?.status === "unhealthy")
    return { message: `is unhealthy: ${health.log.at(-1)?.output.trim() ?? ""}` };
  if (health?.status === "starting") return "waiting";
  if (state !== "exited" && state !== "created")
    return now - startedAt >= (failures > 0 ? STEADY_AFTER_FAILURE_MS : STEADY_MS) ? "up" : "waiting";
  const comesBack = restart === "always" || restart === "unless-stopped";
  if (state === "exited" && exitCode === 0 && !comesBack) return "up";
  if (restart !== "no" && failures < Math.min(maxRetries, HOPELESS)) return "waiting";
  if (startFailure !== undefined) return { message: `cannot start: ${startFailure.message}` };
  return state === "exited" ? { message: howItEnded(replica.oomKilled, exitCode) } : "waiting";
}

/** The TCP endpoints behind published ports that a waiting client would be let through to. */
export function endpointsToAnswer(
  desired: Desired,
  containers: readonly ObservedContainer[],
): readonly { readonly address: string; readonly port: number }[] {
  return containers.flatMap(({ owner, address, state }) => {
    if (owner?.project !== desired.project.name || address === undefined || state !== "running") return [];
    const ports = desired.project.services[owner.service]?.ports ?? [];
    return ports
      .filter(({ protocol }) => protocol === "tcp")
      .map(({ containerPort }) => ({ address, port: containerPort }));
  });
}
