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
  const rollout: Rollout = {
    ...(parallelism === undefined || parallelism === 1 ? {} : { parallelism }),
    ...(delayMs ? { delayMs } : {}),
    ...(map.order === undefined ? {} : { order: map.order }),
    ...(monitorMs ? { monitorMs } : {}),
  };
  return Object.keys(rollout).length === 0 ? undefined : rollout;
}
