import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GantryError, messageOf } from "../error.ts";
import { type CgroupParent, isOnDemand } from "../host/cgroup.ts";
import { cgroupPids, moveProcess } from "../host/cgroup-processes.ts";
import { errnoOf } from "../host/errno.ts";
import type { ContainerLimits } from "./container.ts";
import { type CgroupWrite, limitWrites } from "./limits.ts";

/**
 * Writes limits to the cgroups of a running container, which its processes do not notice. `name` is that of its
 * cgroups. Throws limit.unsupported before anything is written, kernel for a value the kernel refuses.
 */
export async function updateLimits(
  cgroups: readonly CgroupParent[],
  name: string,
  limits: ContainerLimits,
): Promise<void> {
  for (const write of limitWrites(limits, cgroups, { fresh: false })) {
    const parent = cgroups[write.parent];
    if (parent === undefined) continue;
    const folder = join(parent.path, name);
    if (write.asked && isOnDemand(parent)) await enter(cgroups, folder, name, write);
    else await set(folder, write);
  }
}

async function set(folder: string, { file, value, asked }: CgroupWrite): Promise<void> {
  await writeFile(join(folder, file), value).catch((error: unknown) => {
    // What the kernel has no file for was never limited.
    if (!asked && errnoOf(error) === "ENOENT") return;
    throw new GantryError("kernel", `cannot set ${file} to ${value}: ${messageOf(error)}`, {
      next: "a memory limit below what is in use cannot be set: choose a larger one",
      cause: error,
    });
  });
}

/** A container that started without this controller's cgroup gets one, and its processes are moved, forks included. */
async function enter(
  cgroups: readonly CgroupParent[],
  folder: string,
  name: string,
  write: CgroupWrite,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await set(folder, write);
  const home = cgroups.find((parent) => !isOnDemand(parent));
  if (home === undefined) return;
  for (;;) {
    const there = new Set(await cgroupPids(folder));
    const missing = (await cgroupPids(join(home.path, name))).filter((pid) => !there.has(pid));
    if (missing.length === 0) return;
    for (const pid of missing) await moveProcess(folder, pid);
  }
}
