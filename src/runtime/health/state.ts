/** When a probe is made, and what its results come to. */
export interface Rhythm {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make it unhealthy. */
  readonly retries: number;
  /** So many successes in a row make it healthy; 1 when absent. */
  readonly successes?: number;
  /** Failures this soon after the start do not count. */
  readonly startPeriodMs: number;
  /** Longest time between two probes until the first that succeeds; undefined leaves it to the interval. */
  readonly startIntervalMs: number | undefined;
}

export type HealthStatus = "starting" | "healthy" | "unhealthy";

/** One probe: times in ms since the epoch, the command's exit status (-1: it took too long), and what it wrote. */
export interface ProbeResult {
  readonly start: number;
  readonly end: number;
  readonly exitCode: number;
  readonly output: string;
}

/** What is known of a container's health. */
export interface Health {
  readonly status: HealthStatus;
  /** Failures in a row that counted. */
  readonly failingStreak: number;
  /** The last probes, the newest last. */
  readonly log: readonly ProbeResult[];
  /** When the last failure counted, or counting began; ms since the epoch. */
  readonly countedAt: number;
  /** Successes in a row, while more than one is asked for. */
  readonly passingStreak?: number;
  /** When the status became what it is; ms since the epoch. */
  readonly changedAt: number;
  /** Of one that is unhealthy: for how long it was healthy before, in ms. */
  readonly servedMs?: number;
  /** Its process is to be started anew, as its `live` or `startup` probe says. */
  readonly ailing?: Ailing;
}

/** Times in ms since the epoch, and in ms. */
export interface Ailing {
  readonly since: number;
  readonly servedMs: number;
  /** The probe and what it said, one line: `live: HTTP status 503`. */
  readonly reason: string;
}

/** As docker keeps them. */
const KEPT_RESULTS = 5;
const FIRST_DELAY_MS = 50;

/** Of a container that was started just now. `startedAt` in ms since the epoch. */
export function newHealth(startedAt: number): Health {
  return { status: "starting", failingStreak: 0, log: [], countedAt: startedAt, changedAt: startedAt };
}

/**
 * The health after a probe. Until the first success the probes come faster than the interval, so that a container is
 * in service as soon as it can be; of those failures only one in each interval counts, which makes a container
 * unhealthy when docker would say so, and no sooner.
 */
export function afterProbe(health: Health, result: ProbeResult, rhythm: Rhythm, startedAt: number): Health {
  const log = [...health.log, result].slice(-KEPT_RESULTS);
  if (result.exitCode === 0) return afterSuccess(health, log, result, rhythm);
  const { passingStreak: _, ...before } = health;
  const starting = health.status === "starting";
  const forgiven = starting && result.end < startedAt + rhythm.startPeriodMs;
  if (forgiven || (starting && result.end < health.countedAt + rhythm.intervalMs)) return { ...before, log };
  const failingStreak = health.failingStreak + 1;
  const counted = { ...before, failingStreak, log, countedAt: result.end };
  if (failingStreak < rhythm.retries || health.status === "unhealthy") return counted;
  const servedMs = starting ? 0 : result.end - health.changedAt;
  return { ...counted, status: "unhealthy", changedAt: result.end, servedMs };
}

function afterSuccess(
  health: Health,
  log: readonly ProbeResult[],
  { end }: ProbeResult,
  { successes = 1 }: Rhythm,
): Health {
  const passingStreak = (health.passingStreak ?? 0) + 1;
  if (health.status !== "healthy" && passingStreak < successes)
    return { ...health, log, failingStreak: 0, passingStreak };
  const changedAt = health.status === "healthy" ? health.changedAt : end;
  return { status: "healthy", failingStreak: 0, log, countedAt: end, changedAt };
}

/** How long to wait for the next probe in ms. `probes`: how many there were since the start. */
export function nextDelay(status: HealthStatus, rhythm: Rhythm, probes: number): number {
  if (status !== "starting") return rhythm.intervalMs;
  const longest = Math.min(rhythm.intervalMs, rhythm.startIntervalMs ?? rhythm.intervalMs);
  return Math.min(longest, FIRST_DELAY_MS * 2 ** Math.min(probes, 20));
}
