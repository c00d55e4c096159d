import { readDuration } from "./duration.ts";
import type { Path } from "./path.ts";
import { readQuestion } from "./probe-question.ts";
import type { QuestionKeys } from "./probe-question.ts";
import type { Probe, Probes } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";

type ProbeMap = QuestionKeys & {
  readonly interval?: string | number;
  readonly timeout?: string | number;
  readonly failures?: Integer;
  readonly successes?: Integer;
};

/** The part of a service's `x-gantry` that is about probes, once the schema has passed it. */
export interface ProbeKeys {
  readonly startup?: ProbeMap;
  readonly ready?: ProbeMap;
  readonly live?: ProbeMap;
}

const ROLES = ["startup", "ready", "live"] as const;
const MOST_IN_A_ROW = 1_000_000;

/** Undefined where there are none. */
export function readProbes(map: ProbeKeys | undefined, path: Path, report: Report): Probes | undefined {
  const probes = ROLES.flatMap((role) => {
    const probe = map?.[role] && readProbe(map[role], [...path, role], report);
    return probe === undefined ? [] : [[role, probe] as const];
  });
  return probes.length === 0 ? undefined : Object.fromEntries(probes);
}

function readProbe(map: ProbeMap, path: Path, report: Report): Probe | undefined {
  const read = report.reader(path);
  const question = readQuestion(map, path, report);
  const intervalMs = read(map.interval, "interval", readPositive);
  const timeoutMs = read(map.timeout, "timeout", readPositive);
  const failures = read(map.failures, "failures", readCount);
  const successes = read(map.successes, "successes", readCount);
  if (question === undefined) return undefined;
  return {
    question,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(failures === undefined ? {} : { failures }),
    ...(successes === undefined ? {} : { successes }),
  };
}

function readPositive(value: string | number): number {
  const ms = readDuration(String(value));
  if (ms < 1) throw new InvalidValue("expected a duration of at least 1ms");
  return ms;
}

function readCount(value: Integer): number {
  return readInteger(value, 1, MOST_IN_A_ROW);
}
