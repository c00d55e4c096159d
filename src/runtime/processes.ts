import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CgroupParent } from "../host/cgroup.ts";
import { cgroupPids } from "../host/cgroup-processes.ts";
import { shortId } from "./places.ts";

/** Host pids of all processes of a container, in the order the kernel lists them; none when it does not run. */
export async function processesOf(cgroups: readonly CgroupParent[], id: string): Promise<readonly number[]> {
  const parent = cgroups.find(({ controllers }) => controllers.includes("pids")) ?? cgroups[0];
  return parent === undefined ? [] : await processesBelow(join(parent.path, shortId(id)));
}

/** A container that runs containers has cgroups of its own below its cgroup. */
async function processesBelow(folder: string): Promise<readonly number[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries.filter((entry) => entry.isDirectory());
  const lists = await Promise.all([
    cgroupPids(folder),
    ...below.map(({ name }) => processesBelow(join(folder, name))),
  ]);
  return lists.flat();
}
