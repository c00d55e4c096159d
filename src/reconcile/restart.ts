import type { ObservedContainer } from "../observe/snapshot.ts";
import type { RestartPolicy } from "../spec/project.ts";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run this long counts as a success, unless the policy says otherwise: the next failure is the first again. */
const HEALTHY_RUN_MS = 10_000;

/** What the restart policy says about a container that does not run. */
export type Verdict =
  /** `failures` is what the record's count becomes. */
  | { readonly kind: "start"; readonly failures: number }
  /** `until` in ms since the epoch. */
  /** `failures`: what the count becomes with that start. */
  | { readonly kind: "wait"; readonly until: number; readonly failures: number }
  | { readonly kind: "give-up" };

/** Delays from this long on are spread, so that what failed together does not come back together. */
const SPREAD_FROM_MS = 1000;
const SPREAD = 0.1;

/**
 * Judges a container that is not running and was not stopped by hand. `now` in ms since the epoch.
 * The delay is 100 ms after the first failure and doubles with each, up to a minute, less up to a tenth that follows from
 * the container's id; or what the policy says.
 */
export function restartVerdict(container: ObservedContainer, policy: RestartPolicy, now: number): Verdict {
  // Made, or stopped to be started anew, but the start never came: gantry was killed in between. That is nobody's failure.
  if (neverTried(container) || container.restarting === true)
    return { kind: "start", failures: container.failures };

  const failures = failuresInARow(container, policy);
  if (!policyAllows(policy, container, failures)) return { kind: "give-up" };
  const ended = container.finishedAt ?? container.createdAt;
  return startAfter(ended, delayAfter(failures, container, policy), failures + 1, now);
}

/** A start that is due so many ms after something was seen. */
function startAfter(seen: number, delayMs: number, failures: number, now: number): Verdict {
  const until = seen + delayMs;
  // What lies far in the future means the clock was set back: it must not put off the start for hours.
  const believable = seen - now <= Math.max(delayMs, LONGEST_DELAY_MS);
  return believable && until > now ? { kind: "wait", until, failures } : { kind: "start", failures };
}

/**
 * Judges a container that runs, and whose `live` or `startup` probe says that it should be started anew. The first time
 * that is done at once, then ever later, unless it was well for ten seconds in between.
 */
export function ailingVerdict(container: ObservedContainer, now: number): Verdict | undefined {
  const ailing = container.health?.ailing;
  if (ailing === undefined || container.paused === true) return undefined;
  const failures = ailing.servedMs >= HEALTHY_RUN_MS ? 0 : container.failures;
  return startAfter(ailing.since, failures === 0 ? 0 : delayAfter(failures, container), failures + 1, now);
}

/** A start that is waited for: when (ms since the epoch), and which in a row it is, from 1. */
export interface ComingStart {
  readonly at: number;
  readonly attempt: number;
}

/** The start that a container waits for as its restart policy or its probes have it; undefined when for none. */
export function comingStart(container: ObservedContainer, now: number): ComingStart | undefined {
  const { config, state, stoppedByUser, started } = container;
  if (stoppedByUser || started === false) return undefined;
  const verdict =
    state === "running" ? ailingVerdict(container, now) : restartVerdict(container, config.restart, now);
  return verdict?.kind === "wait" ? { at: verdict.until, attempt: verdict.failures } : undefined;
}

/** Whether its last run ended well. False where it never ran, or nobody saw the end. */
export function succeeded(container: ObservedContainer): boolean {
  return container.startFailure === undefined && container.exitCode === 0;
}

/** Whether nobody has tried to start it yet. */
export function neverTried(container: ObservedContainer): boolean {
  return container.state === "created" && container.startFailure === undefined;
}

/** In ms. */
function delayAfter(failures: number, { id }: ObservedContainer, policy?: RestartPolicy): number {
  if (policy?.delayMs !== undefined) return Math.max(policy.delayMs, FIRST_DELAY_MS);
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
  return delay < SPREAD_FROM_MS ? delay : Math.round(delay * (1 - SPREAD * shareOf(id)));
}

/** From 0 to 1, the same for the same container: ids are random. */
function shareOf(id: string): number {
  const digits = /^[0-9a-f]{8}/.exec(id)?.[0];
  return digits === undefined ? 0 : Number.parseInt(digits, 16) / 2 ** 32;
}

function policyAllows(policy: RestartPolicy, container: ObservedContainer, failures: number): boolean {
  const { name, maxRetries = Infinity } = policy;
  if (name === "no" || (name === "on-failure" && succeeded(container))) return false;
  return failures < maxRetries;
}

function failuresInARow(container: ObservedContainer, { windowMs = HEALTHY_RUN_MS }: RestartPolicy): number {
  const { startedAt, finishedAt, startFailure } = container;
  if (startFailure !== undefined || startedAt === undefined || finishedAt === undefined)
    return container.failures;
  return finishedAt - startedAt >= windowMs ? 0 : container.failures;
}
