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
  readonly mem_limit?: Integer;
  readonly pids_limit?: Integer;
  readonly deploy?: {
    readonly resources?: {
      readonly limits?: { readonly cpus?: Integer; readonly memory?: Integer; readonly pids?: Integer };
    };
  };
}

const NANO = 1e9;
/** What the kernel's cpu.max takes at a period of 100 ms: a quota of at least 1 ms. */
const MIN_CPUS = 0.01;
const MAX_CPUS = 100_000;
/** PID_MAX_LIMIT of the kernel on 64-bit machines. */
const MAX_PIDS = 2 ** 22;

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
  const nanocpus = read(["cpus", service.cpus], ["cpus", limits.cpus], readCpus);
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
  };
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

/** -1 and 0 mean no limit, as docker has them. */
function readPids(value: Integer): number | undefined {
  const pids = readInteger(value, -1, MAX_PIDS);
  return pids > 0 ? pids : undefined;
}

function unlimitedAtZero(parse: (value: Integer) => number): (value: Integer) => number | undefined {
  return (value) => parse(value) || undefined;
}
