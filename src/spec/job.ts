import { parseCron } from "./cron.ts";
import type { Path } from "./path.ts";
import type { Job, RestartPolicy } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";

/** The part of a service's `x-gantry` that is about its schedule, once the schema has passed it. */
export interface JobKeys {
  readonly schedule?: string;
  readonly timezone?: string;
  readonly concurrency?: Job["concurrency"];
  readonly missed?: Job["missed"];
  readonly history?: Integer;
}

/** What of the service a schedule has to go with. */
interface Rest {
  readonly replicas: number;
  readonly restart: RestartPolicy;
  readonly containerName: string | undefined;
}

const DEFAULT_HISTORY = 3;
const LONGEST_HISTORY = 1000;

/** Undefined for a service that always runs. */
export function readJob(map: JobKeys | undefined, path: Path, report: Report, rest: Rest): Job | undefined {
  if (map?.schedule === undefined) {
    for (const key of ["timezone", "concurrency", "missed", "history"] as const)
      if (map?.[key] !== undefined) report.error([...path, key], `${key} needs a schedule`, "key");
    return undefined;
  }
  const { schedule, timezone = "UTC", concurrency = "forbid", missed = "skip", history } = map;
  const where = [...path, "schedule"];
  const cron = report.attempt(where, () => parseCron(schedule));
  report.attempt([...path, "timezone"], () => checkZone(timezone));
  const kept =
    history === undefined
      ? DEFAULT_HISTORY
      : report.attempt([...path, "history"], () => readInteger(history, 0, LONGEST_HISTORY));
  if (rest.replicas !== 1) report.error(where, "what runs on a schedule has no replicas", "key");
  if (rest.restart.name === "always" || rest.restart.name === "unless-stopped")
    report.error(where, `with restart: ${rest.restart.name} a run would never end`, "key");
  if (rest.containerName !== undefined)
    report.error(where, "several runs cannot share one container_name", "key");
  if (cron === undefined) return undefined;
  return { schedule, cron, timezone, concurrency, missed, history: kept ?? DEFAULT_HISTORY };
}

function checkZone(zone: string): void {
  try {
    Intl.DateTimeFormat("en-US", { timeZone: zone });
  } catch {
    throw new InvalidValue(`"${zone}" is no time zone: expected a name such as Europe/Berlin`);
  }
}
