import type { ContainerConfig, ContainerLimits } from "../../../runtime/container.ts";
import { readLimits, type LimitKeys } from "../../../spec/limits.ts";
import { readRestart } from "../../../spec/restart.ts";
import { type JsonObject, integerIn, objectIn, textIn } from "../bodies.ts";
import { invalid } from "../errors.ts";
import type { RequestReport } from "./request-report.ts";

const NANO = 1e9;
/** Docker's, where a quota is given alone: microseconds. */
const DEFAULT_PERIOD = 100_000;

/** The limits in Docker's Resources (HostConfig, or the body of an update); 0 and absent mean `before`. */
export function limitsOf(
  resources: JsonObject,
  report: RequestReport,
  before: ContainerLimits = {},
): ContainerLimits {
  const number = (key: string): number | undefined => integerIn(resources, key) || undefined;
  const weight = number("BlkioWeight");
  const given = defined({
    cpus: cpusOf(resources),
    mem_limit: number("Memory"),
    memswap_limit: number("MemorySwap"),
    mem_reservation: number("MemoryReservation"),
    cpu_shares: number("CpuShares"),
    cpuset: textIn(resources, "CpusetCpus"),
    pids_limit: number("PidsLimit"),
    blkio_config: weight === undefined ? undefined : { weight },
  });
  return readLimits({ ...keysOf(before), ...given }, [], report);
}

function cpusOf(resources: JsonObject): number | undefined {
  const nano = integerIn(resources, "NanoCpus") || undefined;
  const quota = integerIn(resources, "CpuQuota") || undefined;
  const period = integerIn(resources, "CpuPeriod") || undefined;
  if (nano !== undefined && (quota !== undefined || period !== undefined))
    throw invalid("Conflicting options: Nano CPUs and CPU Period or Quota cannot both be set");
  if (nano !== undefined) return nano / NANO;
  return quota === undefined || quota < 0 ? undefined : quota / (period ?? DEFAULT_PERIOD);
}

/** Limits in the words of the file's reader, so that a change is checked together with what stays. */
function keysOf(limits: ContainerLimits): LimitKeys {
  const { nanocpus, memoryBytes, memorySwapBytes, memoryReservationBytes, pids } = limits;
  const { cpuShares, cpuset, blkioWeight } = limits;
  return defined({
    cpus: nanocpus === undefined ? undefined : nanocpus / NANO,
    mem_limit: memoryBytes,
    memswap_limit: memorySwapBytes,
    mem_reservation: memoryReservationBytes,
    pids_limit: pids,
    cpu_shares: cpuShares,
    cpuset,
    blkio_config: blkioWeight === undefined ? undefined : { weight: blkioWeight },
  });
}

/** Without the members that are undefined. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** RestartPolicy; undefined where there is none. */
export function restartOf(body: JsonObject, report: RequestReport): ContainerConfig["restart"] | undefined {
  const policy = objectIn(body, "RestartPolicy");
  const name = textIn(policy, "Name");
  const tries = integerIn(policy, "MaximumRetryCount") ?? 0;
  if (name === undefined) return undefined;
  if (tries !== 0 && name !== "on-failure")
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  if (tries < 0) throw invalid("invalid restart policy: maximum retry count cannot be negative");
  return report.attempt(["RestartPolicy"], () => readRestart(tries === 0 ? name : `${name}:${tries}`));
}
