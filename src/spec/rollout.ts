import { InvalidValue } from "./report.ts";
import { readDuration } from "./duration.ts";
import type { Path } from "./path.ts";
import type { Rollout } from "./project.ts";
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
  const duration = (key: "delay" | "monitor"): number | undefined => {
    const value = map[key];
    return value === undefined
      ? undefined
      : report.attempt([...path, key], () => readDuration(String(value)));
  };
  const { parallelism: asked } = map;
  const parallelism =
    asked === undefined
      ? undefined
      : report.attempt([...path, "parallelism"], () => readInteger(asked, 0, MAX_REPLICAS));
  const delayMs = duration("delay");
  const monitorMs = duration("monitor");
  const { failure_action: failureAction, max_failure_ratio: ratio } = map;
  const maxFailureRatio =
    ratio === undefined ? undefined : report.attempt([...path, "max_failure_ratio"], () => readShare(ratio));
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
