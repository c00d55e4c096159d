import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Controller } from "./cgroup.ts";
import { cgroupPids, moveProcess } from "./cgroup-processes.ts";
import { errnoOf } from "./errno.ts";

/** Where processes go that stand in the way: the name docker's own images for nested engines use. */
const LEAF = "init";
/** Processes that are forked meanwhile are found in a later round. */
const ROUNDS = 100;
/** No such controller here (any more), none that can be split (cpu beside realtime processes), or not ours to give. */
const REFUSED = new Set(["ENOENT", "EINVAL", "ENOTSUP", "EACCES", "EPERM", "EROFS", "EBUSY"]);

/**
 * Lets the children of a v2 cgroup have controllers; returns those that they now have, in the given order. Each is asked
 * for by itself, since the kernel takes all of one write or nothing (cgroup-v2.rst, "Enabling and Disabling").
 *
 * Only a cgroup without processes may (same place, "No Internal Process Constraint"), but for the machine's own root.
 * Where the daemon runs in a cgroup namespace, as in a container, the root it sees is not that one and holds the daemon
 * itself: all that is in it moves to a child of it first. Not when the kernel refuses, but before: beside processes it
 * takes cpu and pids without a word, and makes it a root of threads that can have no memory controller ("Threads").
 */
export async function delegate(
  path: string,
  controllers: readonly Controller[],
): Promise<readonly Controller[]> {
  // Processes that may not be moved stay; what that costs is seen when the controllers are asked for.
  if (!(await isMachineRoot(path))) await accepted(evacuate(path));
  const given: Controller[] = [];
  for (const name of controllers)
    if (await accepted(writeFile(join(path, "cgroup.subtree_control"), `+${name}`))) given.push(name);
  return given;
}

/** The one cgroup that has no type. */
async function isMachineRoot(path: string): Promise<boolean> {
  return await access(join(path, "cgroup.type")).then(
    () => false,
    () => true,
  );
}

async function evacuate(path: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const pids = await cgroupPids(path);
    if (pids.length === 0) return;
    await mkdir(join(path, LEAF), { recursive: true });
    for (const pid of pids) await moveProcess(join(path, LEAF), pid);
  }
}

async function accepted(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (REFUSED.has(errnoOf(error) ?? "")) return false;
    throw error;
  }
}
