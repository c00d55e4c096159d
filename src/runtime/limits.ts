import { GantryError } from "../error.ts";
import type { CgroupParent, Controller } from "../host/cgroup.ts";
import type { ContainerLimits } from "./container.ts";

/** Safe by default: a fork bomb ends at this many processes. */
const DEFAULT_PIDS = 4096;
/** Length of a scheduling period in microseconds, the kernel's own default. */
const PERIOD = 100_000;
const UNLIMITED_V1 = -1;

/** One value to be written into a container's cgroup. */
export interface CgroupWrite {
  /** Index into the list of parents. */
  readonly parent: number;
  readonly file: string;
  readonly value: string;
}

function valueOf(
  limits: ContainerLimits,
  controller: Controller,
  version: 1 | 2,
): readonly [string, string][] {
  if (controller === "pids") return [["pids.max", String(limits.pids ?? DEFAULT_PIDS)]];
  if (controller === "memory") {
    const bytes = limits.memoryBytes;
    if (version === 2) return [["memory.max", bytes === undefined ? "max" : String(bytes)]];
    return [["memory.limit_in_bytes", String(bytes ?? UNLIMITED_V1)]];
  }
  const quota =
    limits.nanocpus === undefined ? undefined : Math.max(1000, Math.round((limits.nanocpus * PERIOD) / 1e9));
  if (version === 2) return [["cpu.max", `${quota ?? "max"} ${PERIOD}`]];
  return [["cpu.cfs_quota_us", String(quota ?? UNLIMITED_V1)]];
}

function asksFor(limits: ContainerLimits, controller: Controller): boolean {
  if (controller === "cpu") return limits.nanocpus !== undefined;
  if (controller === "memory") return limits.memoryBytes !== undefined;
  return true;
}

/**
 * What to write for these limits. `fresh`: the cgroup is new, so what is unlimited needs no write.
 * Throws limit.unsupported when a limit is asked for and the machine has no controller for it.
 */
export function limitWrites(
  limits: ContainerLimits,
  parents: readonly CgroupParent[],
  options: { readonly fresh: boolean },
): readonly CgroupWrite[] {
  const writes: CgroupWrite[] = [];
  for (const controller of ["cpu", "memory", "pids"] as const) {
    const parent = parents.findIndex(({ controllers }) => controllers.includes(controller));
    const version = parents[parent]?.version;
    if (version === undefined) {
      if (controller !== "pids" ? asksFor(limits, controller) : limits.pids !== undefined)
        throw new GantryError(
          "limit.unsupported",
          `a ${controller} limit is asked for, but this machine has no ${controller} cgroup controller`,
          {
            next: "gantry doctor",
          },
        );
      continue;
    }
    if (options.fresh && !asksFor(limits, controller)) continue;
    for (const [file, value] of valueOf(limits, controller, version)) writes.push({ parent, file, value });
  }
  return writes;
}
