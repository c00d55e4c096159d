import { readBytes } from "../../spec/size.ts";
import type { RunFlags } from "./flags.ts";
import { decimal, integer, read } from "./values.ts";

/** Flags that `run`, `create` and `update` have in common. */
export type LimitFlags = Pick<
  RunFlags,
  | "memory"
  | "memorySwap"
  | "memoryReservation"
  | "cpus"
  | "cpuShares"
  | "cpuPeriod"
  | "cpuQuota"
  | "cpusetCpus"
  | "cpusetMems"
  | "blkioWeight"
  | "pidsLimit"
  | "restart"
>;

/** Engine API, Resources and RestartPolicy; members are undefined where nothing was said. Throws request.invalid. */
export function limitsOf(flags: LimitFlags): Readonly<Record<string, unknown>> {
  const bytes = (flag: string, value: string | undefined): number | undefined =>
    value === undefined ? undefined : value === "-1" ? -1 : read(flag, () => readBytes(value));
  return {
    Memory: bytes("--memory", flags.memory),
    MemorySwap: bytes("--memory-swap", flags.memorySwap),
    MemoryReservation: bytes("--memory-reservation", flags.memoryReservation),
    NanoCpus: flags.cpus === undefined ? undefined : Math.round(decimal("--cpus", flags.cpus) * 1e9),
    CpuShares: flags.cpuShares,
    CpuPeriod: flags.cpuPeriod,
    CpuQuota: flags.cpuQuota === undefined ? undefined : integer("--cpu-quota", flags.cpuQuota),
    CpusetCpus: flags.cpusetCpus,
    CpusetMems: flags.cpusetMems,
    BlkioWeight: flags.blkioWeight,
    PidsLimit: flags.pidsLimit === undefined ? undefined : integer("--pids-limit", flags.pidsLimit),
    RestartPolicy: restartOf(flags.restart),
  };
}

function restartOf(policy: string | undefined): object | undefined {
  if (policy === undefined) return undefined;
  const [name = "", times] = policy.split(":");
  return times === undefined
    ? { Name: name }
    : { Name: name, MaximumRetryCount: integer("--restart", times) };
}
