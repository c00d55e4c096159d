import { GantryError } from "../error.ts";
import { type CgroupParent, type Controller, isOnDemand } from "../host/cgroup.ts";
import type { ContainerLimits } from "./container.ts";

/** Safe by default: a fork bomb ends at this many processes. */
const DEFAULT_PIDS = 4096;
/** Length of a scheduling period in microseconds, the kernel's own default. */
const PERIOD = 100_000;
const UNLIMITED_V1 = "-1";
const DEFAULT_SHARES = 1024;
const DEFAULT_WEIGHT = 100;

/** One value to be written into a container's cgroup. */
export interface CgroupWrite {
  /** Index into the list of parents. */
  readonly parent: number;
  readonly file: string;
  readonly value: string;
  /** False where it only takes back a limit that may have been there. */
  readonly asked: boolean;
}

/** How one limit is written: whether it is asked for, and what goes into which file; later ones may need earlier ones. */
interface Setting {
  readonly controller: Controller;
  readonly asked: boolean;
  readonly writes: (
    parent: CgroupParent,
    fresh: boolean,
  ) => readonly (readonly [file: string, value: string])[];
}

/** cgroups(7), the kernel's Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst. */
function settingsOf(limits: ContainerLimits): readonly Setting[] {
  const { nanocpus, cpuShares, memoryReservationBytes, pids, cpuset, blkioWeight } = limits;
  return [
    { controller: "cpu", asked: nanocpus !== undefined, writes: (parent) => [quota(parent, nanocpus)] },
    { controller: "cpu", asked: cpuShares !== undefined, writes: (parent) => [shares(parent, cpuShares)] },
    {
      controller: "memory",
      asked: limits.memoryBytes !== undefined,
      writes: (parent, fresh) => memory(parent, limits, fresh),
    },
    {
      controller: "memory",
      asked: memoryReservationBytes !== undefined,
      writes: ({ version }) =>
        version === 2
          ? [["memory.low", String(memoryReservationBytes ?? 0)]]
          : [["memory.soft_limit_in_bytes", String(memoryReservationBytes ?? UNLIMITED_V1)]],
    },
    {
      controller: "pids",
      asked: pids !== undefined,
      writes: () => [["pids.max", pids === -1 ? "max" : String(pids ?? DEFAULT_PIDS)]],
    },
    {
      controller: "cpuset",
      asked: cpuset !== undefined,
      writes: ({ cpus = "" }) => [["cpuset.cpus", cpuset ?? cpus]],
    },
    { controller: "io", asked: blkioWeight !== undefined, writes: (parent) => ioWeight(parent, blkioWeight) },
  ];
}

function quota({ version }: CgroupParent, nanocpus: number | undefined): readonly [string, string] {
  const time = nanocpus === undefined ? undefined : Math.max(1000, Math.round((nanocpus * PERIOD) / 1e9));
  if (version === 2) return ["cpu.max", `${time ?? "max"} ${PERIOD}`];
  return ["cpu.cfs_quota_us", String(time ?? UNLIMITED_V1)];
}

/** v2 knows weights from 1 to 10000 for v1's shares from 2 to 262144; converted as the OCI runtimes do. */
function shares({ version }: CgroupParent, value = DEFAULT_SHARES): readonly [string, string] {
  if (version === 1) return ["cpu.shares", String(value)];
  const weight = value === DEFAULT_SHARES ? DEFAULT_WEIGHT : 1 + Math.floor(((value - 2) * 9999) / 262_142);
  return ["cpu.weight", String(weight)];
}

/** v1 refuses a memory limit above the limit of memory and swap, whichever is written first: so that one goes away before. */
function memory(
  { version }: CgroupParent,
  { memoryBytes, memorySwapBytes }: ContainerLimits,
  fresh: boolean,
): readonly (readonly [string, string])[] {
  const swap = memorySwapBytes === -1 ? undefined : memorySwapBytes;
  if (version === 2) {
    const onlySwap = swap === undefined ? "max" : String(swap - (memoryBytes ?? 0));
    return [
      ["memory.max", String(memoryBytes ?? "max")],
      ...(fresh && swap === undefined ? [] : [["memory.swap.max", onlySwap] as const]),
    ];
  }
  return [
    ...(fresh ? [] : [["memory.memsw.limit_in_bytes", UNLIMITED_V1] as const]),
    ["memory.limit_in_bytes", String(memoryBytes ?? UNLIMITED_V1)],
    ...(swap === undefined ? [] : [["memory.memsw.limit_in_bytes", String(swap)] as const]),
  ];
}

/** Weights are 10 to 1000 as docker has them; v2's io.weight goes from 1 to 10000. */
function ioWeight(
  { ioWeightFile }: CgroupParent,
  weight: number | undefined,
): readonly (readonly [string, string])[] {
  if (ioWeightFile === undefined) {
    if (weight === undefined) return [];
    throw new GantryError(
      "limit.unsupported",
      "blkio_config.weight is asked for, but no I/O scheduler of this kernel has weights",
      { next: "leave blkio_config.weight out, or use a kernel with the BFQ scheduler or iocost" },
    );
  }
  const wide = ioWeightFile === "io.weight";
  const value =
    weight === undefined ? DEFAULT_WEIGHT : wide ? 1 + Math.floor(((weight - 10) * 9999) / 990) : weight;
  return [[ioWeightFile, String(value)]];
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
  return settingsOf(limits).flatMap(({ controller, asked, writes }) => {
    const parent = parents.findIndex(({ controllers }) => controllers.includes(controller));
    const found = parents[parent];
    if (found === undefined) {
      if (!asked) return [];
      throw new GantryError(
        "limit.unsupported",
        `a ${controller} limit is asked for, but this machine has no ${controller} cgroup controller`,
        { next: "gantry doctor" },
      );
    }
    // Processes are always limited, by the default at least.
    if (options.fresh && !asked && controller !== "pids") return [];
    return writes(found, options.fresh).map(([file, value]) => ({ parent, file, value, asked }));
  });
}

/** Indexes of the parents below which a container has a cgroup: those of every container, and those it asks for. */
export function cgroupsOf(
  limits: ContainerLimits,
  parents: readonly CgroupParent[],
  options: { readonly devices: boolean },
): readonly number[] {
  const asked = new Set(
    settingsOf(limits).flatMap(({ controller, asked: one }) => (one ? [controller] : [])),
  );
  if (options.devices) asked.add("devices");
  return parents.flatMap((parent, index) =>
    !isOnDemand(parent) || parent.controllers.some((name) => asked.has(name)) ? [index] : [],
  );
}
