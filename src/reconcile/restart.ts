import type { ObservedContainer } from "../observe/snapshot.ts";
import type { RestartPolicy } from "../spec/project.ts";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** A run this long counts as a success: the next failure is the first again. */
const HEALTHY_RUN_MS = 10_000;

/** What the restart policy says about a container that does not run. */
export type Verdict =
  /** `failures` is what the record's count becomes. */
  | { readonly kind: "start"; readonly failures: number }
  /** `until` in ms since the epoch. */
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "give-up" };

/**
 * Judges a container that is not running and was not stopped by hand. `now` in ms since the epoch.
 * The delay is 100 ms after the first failure and doubles with each, up to a minute.
 */
export function restartVerdict(container: ObservedContainer, policy: RestartPolicy, now: number): Verdict {
  // Made, or stopped to be started anew, but the start never came: gantry was killed in between. That is nobody's failure.
  if (neverTried(container) || container.restarting === true)
    return { kind: "start", failures: container.failures };

  const failures = failuresInARow(container);
  if (!policyAllows(policy, container, failures)) return { kind: "give-up" };
  const delay = delayAfter(failures);
  const ended = container.finishedAt ?? container.createdAt;
  const until = ended + delay;
  // An end that lies far in the future means the clock was set back: it must not put off the start for hours.
  const believable = ended - now <= LONGEST_DELAY_MS;
  return believable && until > now ? { kind: "wait", until } : { kind: "start", failures: failures + 1 };
}

/**
 * Judges a container that runs, and whose `live` or `startup` probe says that it should be started anew. The first time
 * that is done at once, then ever later, unless it was well for ten seconds in between.
 */
export function ailingVerdict(container: ObservedContainer, now: number): Verdict | undefined {
  const ailing = container.health?.ailing;
  if (ailing === undefined || container.paused === true) return undefined;
  const failures = ailing.servedMs >= HEALTHY_RUN_MS ? 0 : container.failures;
  const until = failures === 0 ? ailing.since : ailing.since + delayAfter(failures);
  const believable = ailing.since - now <= LONGEST_DELAY_MS;
  return believable && until > now ? { kind: "wait", until } : { kind: "start", failures: failures + 1 };
}

/** Whether its last run ended well. False where it never ran, or nobody saw the end. */
export function succeeded(container: ObservedContainer): boolean {
  return container.startFailure === undefined && container.exitCode === 0;
}

/** Whether nobody has tried to start it yet. */
export function neverTried(container: ObservedContainer): boolean {
  return container.state === "created" && container.startFailure === undefined;
}

/** In ms; 100 before the first failure, twice as long with each. */
function delayAfter(failures: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
}

function policyAllows(policy: RestartPolicy, container: ObservedContainer, failures: number): boolean {
  if (policy.name === "on-failure")
    return !succeeded(container) && failures < (policy.maxRetries ?? Infinity);
  return policy.name !== "no";
}

function failuresInARow(container: ObservedContainer): number {
  const { startedAt, finishedAt, startFailure } = container;
  if (startFailure !== undefined || startedAt === undefined || finishedAt === undefined)
    return container.failures;
  return finishedAt - startedAt >= HEALTHY_RUN_MS ? 0 : container.failures;
}
