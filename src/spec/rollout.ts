import { readDuration } from "./duration.ts";
import type { Path } from "./path.ts";
import type { Rollout } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";
import { MAX_REPLICAS } from "./replicas.ts";

/** `deploy.update_config` of the file, once the schema has passed it. */
export interface UpdateConfig {
  readonly parallelism?: Integer;
  readonly delay?: string | number;
  readonly order?: "start-first" | "stop-first";
  readonly monitor?: string | number;
  readonly failure_action?: "pause" | "continue" | "rollback";
  readonly max_failure_ratio?: string | number;
}

/** Undefined where it says no more than the default. */
export function readRollout(map: UpdateConfig | undefined, path: Path, report: Report): Rollout | undefined {
  if (map === undefined) return undefined;
  const read = report.reader(path);
  const duration = (value: string | number): number => readDuration(String(value));
  const parallelism = read(map.parallelism, "parallelism", (value) => readInteger(value, 0, MAX_REPLICAS));
  const delayMs = read(map.delay, "delay", duration);
  const monitorMs = read(map.monitor, "monitor", duration);
  const { failure_action: failureAction } = map;
  const maxFailureRatio = read(map.max_failure_ratio, "max_failure_ratio", readShare);
  const rollout: Rollout = {
    ...(parallelism === undefined || parallelism === 1 ? {} : { parallelism }),
    ...(delayMs ? { delayMs } : {}),
    ...(map.order === undefined ? {} : { order: map.order }),
    ...(monitorMs ? { monitorMs } : {}),
    ...(failureAction === undefined || failureAction === "rollback" ? {} : { failureAction }),
    ...(maxFailureRatio ? { maxFailureRatio } : {}),
  };
  return Object.keys(rollout).length === 0 ? undefined : rollout;
}

/** A number from 0 to 1. Throws InvalidValue. */
function readShare(value: string | number): number {
  const share = Number(value);
  if (String(value).trim() !== "" && share >= 0 && share <= 1) return share;
  throw new InvalidValue(`expected a number from 0 to 1 such as 0.2, got "${value}"`);
}
