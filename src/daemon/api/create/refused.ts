import { NotBuiltError } from "../errors.ts";
import type { JsonObject } from "../bodies.ts";

/**
 * Fields of Docker's HostConfig that gantry does not act on. Each may hold what means "nothing is asked for"; anything
 * else is refused, since a container without what it was promised is a lie. Building one means taking it off this list.
 */
const HOST_CONFIG: Readonly<Record<string, readonly unknown[]>> = {
  Annotations: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceWriteIOps: [],
  BlkioWeightDevice: [],
  Cgroup: [],
  CgroupParent: [],
  CpuCount: [],
  CpuPercent: [],
  CpuRealtimePeriod: [],
  CpuRealtimeRuntime: [],
  CpusetMems: [],
  DeviceRequests: [],
  IOMaximumBandwidth: [],
  IOMaximumIOps: [],
  Isolation: ["default"],
  KernelMemory: [],
  KernelMemoryTCP: [],
  Links: [],
  MemorySwappiness: [-1],
  OomKillDisable: [false],
  Runtime: ["runc", "io.containerd.runc.v2", "gantry"],
  StorageOpt: [],
  VolumeDriver: ["local"],
};
const CONFIG: Readonly<Record<string, readonly unknown[]>> = {
  MacAddress: [],
};

/** Throws NotBuiltError for a field that asks for what is not there. */
export function refuseUnbuilt(config: JsonObject, hostConfig: JsonObject): void {
  refuse("", config, CONFIG);
  refuse("HostConfig.", hostConfig, HOST_CONFIG);
}

function refuse(
  prefix: string,
  body: JsonObject,
  fields: Readonly<Record<string, readonly unknown[]>>,
): void {
  for (const [key, harmless] of Object.entries(fields)) {
    const value = body[key];
    if (!isNothing(value) && !harmless.includes(value)) throw new NotBuiltError(`${prefix}${key}`);
  }
}

/** What Go's zero values look like in JSON. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
