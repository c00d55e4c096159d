import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CgroupParent } from "../host/cgroup.ts";
import { shortId } from "./places.ts";
import { processesOf } from "./processes.ts";
import {
  flatKeyed,
  type Io,
  ioOfV1,
  ioOfV2,
  limitOf,
  type Machine,
  machineOf,
  type Network,
  networksOf,
  processTicks,
} from "./usage-texts.ts";

const NS_PER_TICK = 10_000_000; // of USER_HZ, which is 100 wherever Linux runs (time(7))

/** What a running container has used up to a moment, and what it may use. */
export interface ContainerUsage {
  /** ms since the epoch. */
  readonly time: number;
  readonly machine: Machine;
  /** Nanoseconds of CPU time. */
  readonly cpu: { readonly total: number; readonly user: number; readonly system: number };
  readonly throttling: { readonly periods: number; readonly throttled: number; readonly ns: number };
  /** Undefined without the memory controller. */
  readonly memory?: {
    readonly bytes: number;
    readonly limitBytes: number;
    /** memory.stat: bytes, and counts of events. */
    readonly details: Readonly<Record<string, number>>;
  };
  readonly pids?: { readonly current: number; readonly limit?: number };
  /** One for each block device; empty where no hierarchy counts them. */
  readonly io: readonly Io[];
  /** By interface, without the loopback. */
  readonly networks: Readonly<Record<string, Network>>;
}

/** Reads it from the container's cgroups and from /proc. `pid` is any of its processes. */
export async function readUsage(
  cgroups: readonly CgroupParent[],
  id: string,
  pid: number,
): Promise<ContainerUsage> {
  const cgroup = new CgroupFiles(cgroups, shortId(id));
  const [stat, meminfo, dev, cpu, throttling] = await Promise.all([
    text("/proc/stat"),
    text("/proc/meminfo"),
    text(`/proc/${pid}/net/dev`),
    readCpu(cgroup, cgroups, id),
    cgroup.first("cpu.stat").then(flatKeyed),
  ]);
  const machine = machineOf(stat, meminfo);
  const [memory, pids, ioV2, ioV1] = await Promise.all([
    readMemory(cgroup, machine),
    readPids(cgroup),
    cgroup.first("io.stat"),
    cgroup.first("blkio.throttle.io_service_bytes"),
  ]);
  return {
    time: Date.now(),
    machine,
    cpu,
    throttling: {
      periods: throttling["nr_periods"] ?? 0,
      throttled: throttling["nr_throttled"] ?? 0,
      ns: throttling["throttled_time"] ?? (throttling["throttled_usec"] ?? 0) * 1000,
    },
    ...(memory === undefined ? {} : { memory }),
    ...(pids === undefined ? {} : { pids }),
    io: ioV2 === "" ? ioOfV1(ioV1) : ioOfV2(ioV2),
    networks: networksOf(dev),
  };
}

/** The files of one container's cgroups, whichever hierarchy has them: their names differ between controllers. */
class CgroupFiles {
  readonly #folders: readonly string[];

  constructor(cgroups: readonly CgroupParent[], name: string) {
    this.#folders = cgroups.map(({ path }) => join(path, name));
  }

  /** Content of the first of them that has such a file; empty when none has. */
  async first(...names: readonly string[]): Promise<string> {
    for (const folder of this.#folders)
      for (const name of names) {
        const content = await text(join(folder, name));
        if (content !== "") return content;
      }
    return "";
  }
}

async function readCpu(
  cgroup: CgroupFiles,
  cgroups: readonly CgroupParent[],
  id: string,
): Promise<ContainerUsage["cpu"]> {
  const unified = flatKeyed(await cgroup.first("cpu.stat"));
  if (unified["usage_usec"] !== undefined) {
    const ns = (key: string): number => (unified[key] ?? 0) * 1000;
    return { total: ns("usage_usec"), user: ns("user_usec"), system: ns("system_usec") };
  }
  const ticks = flatKeyed(await cgroup.first("cpuacct.stat"));
  if (ticks["user"] !== undefined) {
    const total = Number(await cgroup.first("cpuacct.usage"));
    return { total, user: ticks["user"] * NS_PER_TICK, system: (ticks["system"] ?? 0) * NS_PER_TICK };
  }
  // v1's accounting is a hierarchy of its own here, which no start pays for: the processes and the children they reaped.
  let user = 0;
  let system = 0;
  for (const pid of await processesOf(cgroups, id)) {
    const spent = processTicks(await text(`/proc/${pid}/stat`));
    user += spent.user * NS_PER_TICK;
    system += spent.system * NS_PER_TICK;
  }
  return { total: user + system, user, system };
}

async function readMemory(
  cgroup: CgroupFiles,
  machine: Machine,
): Promise<ContainerUsage["memory"] | undefined> {
  const current = await cgroup.first("memory.current", "memory.usage_in_bytes");
  if (current === "") return undefined;
  const limit = limitOf(await cgroup.first("memory.max", "memory.limit_in_bytes"));
  return {
    bytes: Number(current),
    limitBytes: Math.min(limit ?? machine.memoryBytes, machine.memoryBytes),
    details: flatKeyed(await cgroup.first("memory.stat")),
  };
}

async function readPids(cgroup: CgroupFiles): Promise<ContainerUsage["pids"] | undefined> {
  const current = await cgroup.first("pids.current");
  if (current === "") return undefined;
  const limit = limitOf(await cgroup.first("pids.max"));
  return { current: Number(current), ...(limit === undefined ? {} : { limit }) };
}

/** Empty where there is no such file, or the container ended meanwhile. */
async function text(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => "");
}
