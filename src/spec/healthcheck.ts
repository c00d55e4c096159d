import { readDuration } from "./duration.ts";
import type { Path } from "./path.ts";
import type { Healthcheck } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readBoolean, readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";

type Duration = string | number;

/** A `healthcheck` of the file, once the schema has passed it. */
export interface HealthcheckMap {
  readonly test?: string | readonly (string | number | boolean)[];
  readonly interval?: Duration;
  readonly timeout?: Duration;
  readonly retries?: Integer;
  readonly start_period?: Duration;
  readonly start_interval?: Duration;
  readonly disable?: boolean | string;
}

/** Undefined where it says nothing. */
export function readHealthcheck(
  map: HealthcheckMap | undefined,
  path: Path,
  report: Report,
): Healthcheck | undefined {
  if (map === undefined) return undefined;
  const read = report.reader(path);
  const duration = (value: Duration | undefined, key: string): number | undefined =>
    read(value, key, (given) => readDuration(String(given)));
  const disabled = read(map.disable, "disable", readBoolean) === true;
  if (disabled && map.test !== undefined)
    report.error(
      [...path, "disable"],
      "disable: true and test contradict each other: keep one of the two",
      "key",
    );
  const test = disabled ? ["NONE"] : read(map.test, "test", readTest);
  const intervalMs = duration(map.interval, "interval");
  const timeoutMs = duration(map.timeout, "timeout");
  const retries = read(map.retries, "retries", (value) => readInteger(value, 0, 1_000_000));
  const startPeriodMs = duration(map.start_period, "start_period");
  const startIntervalMs = duration(map.start_interval, "start_interval");
  const check: Healthcheck = {
    ...(test === undefined ? {} : { test }),
    // To docker 0 means the default.
    ...(intervalMs ? { intervalMs } : {}),
    ...(timeoutMs ? { timeoutMs } : {}),
    ...(retries ? { retries } : {}),
    ...(startPeriodMs ? { startPeriodMs } : {}),
    ...(startIntervalMs ? { startIntervalMs } : {}),
  };
  return Object.keys(check).length === 0 ? undefined : check;
}

function readTest(test: string | readonly (string | number | boolean)[]): readonly string[] {
  if (typeof test === "string") return ["CMD-SHELL", test];
  const [kind, ...words] = test.map(String);
  if (kind === "NONE" && words.length === 0) return ["NONE"];
  if (kind === "CMD" && words.length > 0) return ["CMD", ...words];
  const [line] = words;
  if (kind === "CMD-SHELL" && words.length === 1 && line !== undefined) return ["CMD-SHELL", line];
  throw new InvalidValue("expected [CMD, program, ...], [CMD-SHELL, text], [NONE], or text for the shell");
}
