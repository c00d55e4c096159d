import type { ContainerHealthcheck, ContainerProbes, ProbeQuestion } from "../container.ts";
import type { Rhythm } from "./state.ts";

/** A health check, nothing left open. */
export interface Check extends Rhythm {
  /** argv. */
  readonly command: readonly string[];
}

/** The healthcheck of Compose, and gantry's own probes. */
export type Role = "healthcheck" | "startup" | "ready" | "live";

/** One of the things that a container's health is found out by. */
export interface Probing extends Rhythm {
  readonly role: Role;
  readonly question: ProbeQuestion;
}

/** Docker's defaults. */
const DEFAULT = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 } as const;

/** Of gantry's own probes. */
const PROBE_DEFAULT = { intervalMs: 5000, timeoutMs: 1000, retries: 3, successes: 1 } as const;
/** A start may take longer than an answer: a minute. */
const STARTUP_DEFAULT = { ...PROBE_DEFAULT, intervalMs: 1000, retries: 60 } as const;

/** All that a container's health is found out by. `inherited`: the health check of its image. */
export function probingsOf(
  own: { readonly healthcheck?: ContainerHealthcheck; readonly probes?: ContainerProbes },
  inherited: ContainerHealthcheck | undefined,
): readonly Probing[] {
  const check = checkOf(own.healthcheck, inherited);
  const probings: Probing[] = [];
  if (check !== undefined) {
    const { command, ...rhythm } = check;
    probings.push({ ...rhythm, role: "healthcheck", question: { kind: "exec", command } });
  }
  for (const role of ["startup", "ready", "live"] as const) {
    const probe = own.probes?.[role];
    if (probe === undefined) continue;
    const defaults = role === "startup" ? STARTUP_DEFAULT : PROBE_DEFAULT;
    probings.push({
      role,
      question: probe.question,
      intervalMs: probe.intervalMs ?? defaults.intervalMs,
      timeoutMs: probe.timeoutMs ?? defaults.timeoutMs,
      retries: probe.failures ?? defaults.retries,
      successes: probe.successes ?? defaults.successes,
      startPeriodMs: 0,
      startIntervalMs: undefined,
    });
  }
  return probings;
}

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
