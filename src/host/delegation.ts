import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Controller } from "./cgroup.ts";
import { errnoOf } from "./errno.ts";

/** Where processes go that stand in the way: the name docker's own images for nested engines use. */
const LEAF = "init";
/** Processes that are forked meanwhile are found in a later round. */
const ROUNDS = 10;
/** No such controller here (any more), none that can be split (cpu beside realtime processes), or not ours to give. */
const REFUSED = new Set(["ENOENT", "EINVAL", "EOPNOTSUPP", "EACCES", "EPERM", "EROFS", "EBUSY"]);

/**
 * Lets the children of a v2 cgroup have controllers; returns those that they now have, in the given order. Each is asked
 * for by itself, since the kernel takes all of one write or nothing (cgroup-v2.rst, "Enabling and Disabling").
 *
 * Only a cgroup without processes may (same place, "No Internal Process Constraint"), but for the machine's own root.
 * Where the daemon runs in a cgroup namespace, as in a container, the root it sees is not that one and holds the daemon
 * itself: all that is in it moves to a child of it first.
 */
export async function delegate(
  path: string,
  controllers: readonly Controller[],
): Promise<readonly Controller[]> {
  const given: Controller[] = [];
  for (const name of controllers) if (await enable(path, name)) given.push(name);
  return given;
}

async function enable(path: string, name: Controller): Promise<boolean> {
  for (let round = 0; ; round++) {
    try {
      await writeFile(join(path, "cgroup.subtree_control"), `+${name}`);
      return true;
    } catch (error) {
      const code = errnoOf(error) ?? "";
      if (!REFUSED.has(code)) throw error;
      if (code !== "EBUSY" || round === ROUNDS || !(await evacuate(path))) return false;
    }
  }
}

/** Whether there was a process to move. */
async function evacuate(path: string): Promise<boolean> {
  const pids = (await readFile(join(path, "cgroup.procs"), "utf8")).split("\n").filter(Boolean);
  if (pids.length === 0) return false;
  await mkdir(join(path, LEAF), { recursive: true });
  for (const pid of pids) {
    try {
      await writeFile(join(path, LEAF, "cgroup.procs"), pid);
    } catch (error) {
      if (errnoOf(error) !== "ESRCH") throw error; // it ended meanwhile
    }
  }
  return true;
}
