import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../host/errno.ts";
import { type CgroupFolder, folderOf, readIfThere } from "./cgroup-folders.ts";
import { Fields } from "./fields.ts";
import { warn } from "./log.ts";
import { OciError } from "./oci-error.ts";

type Write = readonly [controller: string, file: string, value: string];

/** Keys of `linux.resources` that something here reads; the others would be lost without a word. */
const NOT_BUILT = ["rdma"];

/**
 * Writes what `linux.resources` asks for (config-linux.md "Control groups"), but for devices. Throws OciError for a
 * limit that this machine has no controller for, or that the kernel refuses.
 */
export function applyResources(folders: readonly CgroupFolder[], resources: Fields): void {
  for (const name of NOT_BUILT)
    if (resources.get(name) !== undefined) throw new OciError(`linux.resources.${name} is not supported`);
  const unified = resources.map("unified");
  const v2 = folders.find(({ version }) => version === 2);
  const pure = folders.every(({ version }) => version === 2);
  if (Object.keys(unified).length > 0 && !pure)
    throw new OciError("invalid configuration: cannot use unified on cgroup v1");
  writeMemory(folders, resources.fields("memory"));
  for (const write of [
    ...cpu(folders, resources.fields("cpu")),
    ...pids(resources.fields("pids")),
    ...blockIo(folders, resources.fields("blockIO")),
    ...hugePages(folders, resources),
    ...network(resources.fields("network")),
  ])
    put(folders, write);
  for (const [file, value] of Object.entries(unified)) {
    if (file.includes("/")) throw new OciError(`unified resource "${file}" must be a file name (no slashes)`);
    writeValue(join(v2?.path ?? "", file), value);
  }
}

function put(folders: readonly CgroupFolder[], [controller, file, value]: Write): void {
  const folder = folderOf(folders, controller);
  if (folder === undefined)
    throw new OciError(`cannot set ${file}: this machine has no ${controller} cgroup controller`);
  writeValue(join(folder.path, file), value);
}

function writeValue(path: string, value: string): void {
  try {
    writeFileSync(path, value);
  } catch (error) {
    const code = errnoOf(error);
    const why =
      code === "ENOENT" ? "no such file or directory" : code === "EINVAL" ? "invalid argument" : code;
    throw new OciError(`failed to write "${value}" to ${path}: ${why}`);
  }
}

function isV2(folders: readonly CgroupFolder[], controller: string): boolean {
  return folderOf(folders, controller)?.version === 2;
}

/** v1 keeps the limit of memory above that of memory and swap; which of both has to go first depends on what is there. */
function writeMemory(folders: readonly CgroupFolder[], memory: Fields | undefined): void {
  if (memory === undefined) return;
  const limit = memory.number("limit");
  let swap = memory.number("swap");
  const reservation = memory.number("reservation");
  if (isV2(folders, "memory")) {
    const bytes = (value: number): string => (value === -1 ? "max" : String(value));
    if (limit !== undefined && limit !== 0) put(folders, ["memory", "memory.max", bytes(limit)]);
    if (swap !== undefined && swap !== 0) {
      if (swap > 0 && (limit === undefined || limit <= 0))
        throw new OciError("unable to set swap limit without memory limit");
      if (swap > 0 && limit !== undefined && swap < limit)
        throw new OciError("memory+swap limit must be >= memory limit");
      put(folders, ["memory", "memory.swap.max", swap === -1 ? "max" : String(swap - (limit ?? 0))]);
    } else if (limit === -1) put(folders, ["memory", "memory.swap.max", "max"]);
    if (reservation !== undefined && reservation !== 0)
      put(folders, ["memory", "memory.low", bytes(reservation)]);
    return;
  }
  const path = folderOf(folders, "memory")?.path ?? "";
  const swapFile = join(path, "memory.memsw.limit_in_bytes");
  // Unlimited memory means unlimited swap, where nobody says otherwise.
  if (limit === -1 && (swap === undefined || swap === 0) && existsSync(swapFile)) swap = -1;
  const writeLimit = (): void => {
    if (limit !== undefined && limit !== 0) put(folders, ["memory", "memory.limit_in_bytes", String(limit)]);
  };
  const writeSwap = (): void => {
    if (swap !== undefined && swap !== 0)
      put(folders, ["memory", "memory.memsw.limit_in_bytes", String(swap)]);
  };
  const now = existsSync(join(path, "memory.limit_in_bytes"))
    ? Number(readFileSync(join(path, "memory.limit_in_bytes"), "utf8"))
    : 0;
  if (swap !== undefined && (swap === -1 || now < swap)) {
    writeSwap();
    writeLimit();
  } else {
    writeLimit();
    writeSwap();
  }
  if (reservation !== undefined && reservation !== 0)
    put(folders, ["memory", "memory.soft_limit_in_bytes", String(reservation)]);
  const kernel = memory.number("kernel") ?? 0;
  const kernelFile = join(path, "memory.kmem.limit_in_bytes");
  if (kernel !== 0 && existsSync(kernelFile)) writeValue(kernelFile, String(kernel));
  // Kernels from 5.16 on count that memory with the rest, and take the number without a word where they still have the file.
  if (kernel !== 0 && readIfThere(kernelFile).trim() !== String(kernel))
    warn("memory.kernel is not applied: this kernel has no limit of its own for that");
  const kernelTcp = memory.number("kernelTCP");
  if (kernelTcp !== undefined && kernelTcp !== 0)
    put(folders, ["memory", "memory.kmem.tcp.limit_in_bytes", String(kernelTcp)]);
  const swappiness = memory.unsigned("swappiness", Number.MAX_SAFE_INTEGER);
  if (swappiness !== undefined) {
    if (swappiness > 100)
      throw new OciError(`invalid memory swappiness value: ${swappiness} (valid range is 0-100)`);
    put(folders, ["memory", "memory.swappiness", String(swappiness)]);
  }
  if (memory.flag("disableOOMKiller")) put(folders, ["memory", "memory.oom_control", "1"]);
}

function cpu(folders: readonly CgroupFolder[], fields: Fields | undefined): readonly Write[] {
  if (fields === undefined) return [];
  const writes: Write[] = [];
  const whole = (name: string): number => fields.number(name) ?? 0;
  const [shares, quota, period] = [whole("shares"), whole("quota"), whole("period")];
  if (isV2(folders, "cpu")) {
    if (shares !== 0)
      writes.push([
        "cpu",
        "cpu.weight",
        String(1 + Math.floor(((Math.min(Math.max(shares, 2), 262_144) - 2) * 9999) / 262_142)),
      ]);
    if (quota !== 0 || period !== 0) {
      const file = join(folderOf(folders, "cpu")?.path ?? "", "cpu.max");
      const [quotaNow = "max", periodNow = "100000"] = existsSync(file)
        ? readFileSync(file, "utf8").trim().split(" ")
        : [];
      const time = quota > 0 ? String(quota) : quota < 0 ? "max" : quotaNow;
      writes.push(["cpu", "cpu.max", `${time} ${period === 0 ? periodNow : period}`]);
    }
  } else {
    if (shares !== 0) writes.push(["cpu", "cpu.shares", String(shares)]);
    for (const [name, file] of [
      ["realtimePeriod", "cpu.rt_period_us"],
      ["realtimeRuntime", "cpu.rt_runtime_us"],
    ] as const)
      if (whole(name) !== 0) writes.push(["cpu", file, String(whole(name))]);
    writes.push(...quotaOfV1(folders, quota, period));
  }
  for (const [name, file] of [
    ["cpus", "cpuset.cpus"],
    ["mems", "cpuset.mems"],
  ] as const)
    if (fields.text(name) !== "") writes.push(["cpuset", file, fields.text(name)]);
  const idle = fields.number("idle");
  if (idle !== undefined) writes.push(["cpu", "cpu.idle", String(idle)]);
  return writes;
}

/** Each write has to keep to what the cgroup above is limited to: so the one that lowers the share goes first. */
function quotaOfV1(folders: readonly CgroupFolder[], quota: number, period: number): readonly Write[] {
  const quotaWrite: readonly Write[] = quota === 0 ? [] : [["cpu", "cpu.cfs_quota_us", String(quota)]];
  const periodWrite: readonly Write[] = period === 0 ? [] : [["cpu", "cpu.cfs_period_us", String(period)]];
  const path = folderOf(folders, "cpu")?.path ?? "";
  const now = existsSync(join(path, "cpu.cfs_period_us"))
    ? Number(readFileSync(join(path, "cpu.cfs_period_us"), "utf8"))
    : 0;
  return quota > 0 && period !== 0 && period < now
    ? [...quotaWrite, ...periodWrite]
    : [...periodWrite, ...quotaWrite];
}

function pids(fields: Fields | undefined): readonly Write[] {
  const limit = fields?.number("limit") ?? 0;
  return limit === 0 ? [] : [["pids", "pids.max", limit > 0 ? String(limit) : "max"]];
}

function blockIo(folders: readonly CgroupFolder[], fields: Fields | undefined): readonly Write[] {
  if (fields === undefined) return [];
  const two = isV2(folders, "io");
  const folder = folderOf(folders, two ? "io" : "blkio");
  const controller = two ? "io" : "blkio";
  const has = (file: string): boolean => folder !== undefined && existsSync(join(folder.path, file));
  const writes: Write[] = [];
  const weight = fields.number("weight") ?? 0;
  const bfq = has(two ? "io.bfq.weight" : "blkio.bfq.weight");
  if (weight !== 0) {
    const file = two ? (bfq ? "io.bfq.weight" : "io.weight") : bfq ? "blkio.bfq.weight" : "blkio.weight";
    writes.push([
      controller,
      file,
      String(two && !bfq ? 1 + Math.floor(((weight - 10) * 9999) / 990) : weight),
    ]);
  }
  const leaf = fields.number("leafWeight") ?? 0;
  if (leaf !== 0) writes.push([controller, "blkio.leaf_weight", String(leaf)]);
  for (const device of fields.fieldsList("weightDevice")) {
    const file = two
      ? bfq
        ? "io.bfq.weight"
        : "io.weight"
      : bfq
        ? "blkio.bfq.weight_device"
        : "blkio.weight_device";
    for (const [name, to] of [
      ["weight", file],
      ["leafWeight", "blkio.leaf_weight_device"],
    ] as const) {
      const value = device.number(name) ?? 0;
      if (value !== 0)
        writes.push([controller, to, `${device.number("major")}:${device.number("minor")} ${value}`]);
    }
  }
  for (const [name, v1, v2] of [
    ["throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"],
    ["throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"],
    ["throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"],
    ["throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"],
  ] as const)
    for (const device of fields.fieldsList(name)) {
      const number = `${device.number("major")}:${device.number("minor")}`;
      const rate = device.number("rate") ?? 0;
      writes.push(two ? ["io", "io.max", `${number} ${v2}=${rate}`] : ["blkio", v1, `${number} ${rate}`]);
    }
  return writes;
}

function hugePages(folders: readonly CgroupFolder[], resources: Fields): readonly Write[] {
  return resources.fieldsList("hugepageLimits").map((limit) => {
    const file = isV2(folders, "hugetlb") ? "max" : "limit_in_bytes";
    return ["hugetlb", `hugetlb.${limit.text("pageSize")}.${file}`, String(limit.number("limit") ?? 0)];
  });
}

function network(fields: Fields | undefined): readonly Write[] {
  if (fields === undefined) return [];
  const writes: Write[] = [];
  const classId = fields.number("classID");
  if (classId !== undefined && classId !== 0) writes.push(["net_cls", "net_cls.classid", String(classId)]);
  for (const priority of fields.fieldsList("priorities"))
    writes.push([
      "net_prio",
      "net_prio.ifpriomap",
      `${priority.text("name")} ${priority.number("priority") ?? 0}`,
    ]);
  return writes;
}
