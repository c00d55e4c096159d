import type { Check } from "./check.ts";

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
}

/** As docker keeps them. */
const KEPT_RESULTS = 5;
const FIRST_DELAY_MS = 50;

/** Of a container that was started just now. `startedAt` in ms since the epoch. */
export function newHealth(startedAt: number): Health {
  return { status: "starting", failingStreak: 0, log: [], countedAt: startedAt };
}

/**
 * The health after a probe. Until the first success the probes come faster than the interval, so that a container is
 * in service as soon as it can be; of those failures only one in each interval counts, which makes a container
 * unhealthy when docker would say so, and no sooner.
 */
export function afterProbe(health: Health, result: ProbeResult, check: Check, startedAt: number): Health {
  const log = [...health.log, result].slice(-KEPT_RESULTS);
  if (result.exitCode === 0) return { status: "healthy", failingStreak: 0, log, countedAt: result.end };
  const starting = health.status === "starting";
  const forgiven = starting && result.end < startedAt + check.startPeriodMs;
  if (forgiven || (starting && result.end < health.countedAt + check.intervalMs)) return { ...health, log };
  const failingStreak = health.failingStreak + 1;
  const status = failingStreak >= check.retries ? "unhealthy" : health.status;
  return { status, failingStreak, log, countedAt: result.end };
}

/** How long to wait for the next probe in ms. `probes`: how many there were since the start. */
export function nextDelay(status: HealthStatus, check: Check, probes: number): number {
  if (status !== "starting") return check.intervalMs;
  const longest = Math.min(check.intervalMs, check.startIntervalMs ?? check.intervalMs);
  return Math.min(longest, FIRST_DELAY_MS * 2 ** Math.min(probes, 20));
}
