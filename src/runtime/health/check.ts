import type { ContainerHealthcheck } from "../container.ts";

/** What a container's health is found out by, nothing left open. */
export interface Check {
  /** argv. */
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make it unhealthy. */
  readonly retries: number;
  /** Failures this soon after the start do not count. */
  readonly startPeriodMs: number;
  /** Longest time between two probes until the first that succeeds; undefined leaves it to the interval. */
  readonly startIntervalMs: number | undefined;
}

/** Docker's defaults. */
const DEFAULT = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 } as const;

/**
 * The check of a container: what the container says goes before what its image says. Undefined where there is none, or
 * it was turned off.
 */
export function checkOf(
  own: ContainerHealthcheck | undefined,
  image: ContainerHealthcheck | undefined,
): Check | undefined {
  const inherited = (own?.test ?? []).length === 0;
  const command = commandOf((inherited ? image?.test : own?.test) ?? []);
  if (command === undefined) return undefined;
  const merged = { ...image, ...own };
  return {
    command,
    intervalMs: merged.intervalMs ?? DEFAULT.intervalMs,
    timeoutMs: merged.timeoutMs ?? DEFAULT.timeoutMs,
    retries: merged.retries ?? DEFAULT.retries,
    startPeriodMs: merged.startPeriodMs ?? DEFAULT.startPeriodMs,
    startIntervalMs: merged.startIntervalMs,
  };
}

function commandOf([kind, ...words]: readonly string[]): readonly string[] | undefined {
  if (kind === "CMD" && words.length > 0) return words;
  const [line] = words;
  return kind === "CMD-SHELL" && line !== undefined ? ["/bin/sh", "-c", line] : undefined;
}
