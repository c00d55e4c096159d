import type { Path } from "./path.ts";
import type { Limits } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";
import { readBytes } from "./size.ts";

/** The keys of a service that limit it: the older ones at the top, and `deploy.resources.limits`, mean the same. */
export interface LimitKeys {
  readonly cpus?: Integer;
  readonly cpu_quota?: Integer;
  readonly cpu_period?: Integer;
  readonly mem_limit?: Integer;
  readonly pids_limit?: Integer;
  readonly mem_reservation?: Integer;
  readonly memswap_limit?: Integer;
  readonly cpu_shares?: Integer;
  readonly cpuset?: Integer;
  readonly blkio_config?: { readonly weight?: Integer };
  readonly deploy?: {
    readonly resources?: {
      readonly limits?: { readonly cpus?: Integer; readonly memory?: Integer; readonly pids?: Integer };
      readonly reservations?: { readonly memory?: Integer };
    };
  };
}

const NANO = 1e9;
/** In microseconds, the kernel's. */
const DEFAULT_PERIOD = 100_000;
/** What the kernel's cpu.max takes at a period of 100 ms: a quota of at least 1 ms. */
const MIN_CPUS = 0.01;
const MAX_CPUS = 100_000;
/** PID_MAX_LIMIT of the kernel on 64-bit machines. */
const MAX_PIDS = 2 ** 22;
/** MAX_SHARES of the kernel's scheduler. */
const MAX_SHARES = 2 ** 18;

/** The limits of a service; what is unlimited is left out. */
export function readLimits(service: LimitKeys, path: Path, report: Report): Limits {
  const limits = service.deploy?.resources?.limits ?? {};
  const read = (
    [key, older]: readonly [string, Integer | undefined],
    [deployKey, newer]: readonly [string, Integer | undefined],
    parse: (value: Integer) => number | undefined,
  ): number | undefined => {
    const olderPath = [...path, key];
    const newerPath = [...path, "deploy", "resources", "limits", deployKey];
    const first = older === undefined ? undefined : report.attempt(olderPath, () => parse(older));
    const second = newer === undefined ? undefined : report.attempt(newerPath, () => parse(newer));
    if (older !== undefined && newer !== undefined && first !== second)
      report.error(olderPath, `disagrees with deploy.resources.limits.${deployKey}; keep one of the two`);
    return second ?? first;
  };
  const nanocpus =
    read(["cpus", service.cpus], ["cpus", limits.cpus], readCpus) ?? readQuota(service, path, report);
  const memoryBytes = read(
    ["mem_limit", service.mem_limit],
    ["memory", limits.memory],
    unlimitedAtZero(readBytes),
  );
  const pids = read(["pids_limit", service.pids_limit], ["pids", limits.pids], readPids);
  return {
    ...(nanocpus === undefined ? {} : { nanocpus }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(pids === undefined ? {} : { pids }),
    ...readShares(service, path, report),
    ...readSwap(service, memoryBytes, path, report),
  };
}

/** The kernel's own words for the same: microseconds of CPU time in each period of so many. */
function readQuota(service: LimitKeys, path: Path, report: Report): number | undefined {
  const { cpu_quota: quota, cpu_period: period } = service;
  const microseconds =
    period === undefined
      ? DEFAULT_PERIOD
      : report.attempt([...path, "cpu_period"], () => readInteger(period, 0, 1_000_000) || DEFAULT_PERIOD);
  if (quota === undefined || microseconds === undefined) return undefined;
  return report.attempt([...path, "cpu_quota"], () => {
    const share = readInteger(quota, -1, Number.MAX_SAFE_INTEGER);
    return share <= 0 ? undefined : readCpus(share / microseconds);
  });
}

/** What counts in relation to others. */
function readShares(service: LimitKeys, path: Path, report: Report): Limits {
  const { cpuset: cpus, cpu_shares: shares } = service;
  const reserved = service.deploy?.resources?.reservations?.memory;
  const reservation = service.mem_reservation ?? reserved;
  const reservationKeys =
    service.mem_reservation === undefined
      ? ["deploy", "resources", "reservations", "memory"]
      : ["mem_reservation"];
  const weight = service.blkio_config?.weight;
  const attempt = <T>(keys: Path, parse: () => T): T | undefined => report.attempt([...path, ...keys], parse);
  const cpuset = cpus === undefined ? undefined : attempt(["cpuset"], () => readCpuset(String(cpus)));
  const memoryReservationBytes =
    reservation === undefined ? undefined : attempt(reservationKeys, () => readBytes(reservation));
  const cpuShares =
    shares === undefined ? undefined : attempt(["cpu_shares"], () => readWeight(shares, 2, MAX_SHARES));
  const blkioWeight =
    weight === undefined
      ? undefined
      : attempt(["blkio_config", "weight"], () => readWeight(weight, 10, 1000));
  return {
    ...(cpuset === undefined ? {} : { cpuset }),
    ...(memoryReservationBytes ? { memoryReservationBytes } : {}),
    ...(cpuShares === undefined ? {} : { cpuShares }),
    ...(blkioWeight === undefined ? {} : { blkioWeight }),
  };
}

/** Memory and swap together, so it means nothing without a memory limit and cannot be below it. */
function readSwap(
  service: LimitKeys,
  memoryBytes: number | undefined,
  path: Path,
  report: Report,
): Pick<Limits, "memorySwapBytes"> {
  const { memswap_limit: value } = service;
  if (value === undefined) return {};
  const memorySwapBytes = report.attempt([...path, "memswap_limit"], () => {
    const bytes = String(value) === "-1" ? -1 : readBytes(value);
    if (bytes === 0) return undefined;
    if (memoryBytes === undefined) throw new InvalidValue("memory and swap together: set mem_limit too");
    if (bytes !== -1 && bytes < memoryBytes)
      throw new InvalidValue("memory and swap together cannot be less than mem_limit");
    return bytes;
  });
  return memorySwapBytes === undefined ? {} : { memorySwapBytes };
}

/** cpuset(7), "List format": numbers and ranges. */
function readCpuset(text: string): string {
  const parts = text.split(",").map((part) => /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()));
  if (parts.some((part) => part === null || Number(part[2] ?? part[1]) < Number(part[1])))
    throw new InvalidValue(`expected CPUs such as 0-3 or 0,2, got "${text}"`);
  return parts.map((part) => part?.[0] ?? "").join(",");
}

/** 0 means the default, as docker has it. */
function readWeight(value: Integer, minimum: number, maximum: number): number | undefined {
  if (String(value) === "0") return undefined;
  return readInteger(value, minimum, maximum);
}

function readCpus(value: Integer): number | undefined {
  const cpus =
    typeof value === "number" ? value : /^\d+(\.\d+)?$|^\.\d+$/.test(value.trim()) ? Number(value) : NaN;
  if (Number.isNaN(cpus))
    throw new InvalidValue(`expected a number of CPUs such as 0.5 or 2, got "${value}"`);
  if (cpus === 0) return undefined;
  if (cpus < MIN_CPUS || cpus > MAX_CPUS)
    throw new InvalidValue(`expected a number of CPUs of at least ${MIN_CPUS}, got ${value}`);
  return Math.round(cpus * NANO);
}

/** -1 and 0 mean no limit at all, where leaving the key out means gantry's own. */
function readPids(value: Integer): number {
  return readInteger(value, -1, MAX_PIDS) || -1;
}

function unlimitedAtZero(parse: (value: Integer) => number): (value: Integer) => number | undefined {
  return (value) => parse(value) || undefined;
}
