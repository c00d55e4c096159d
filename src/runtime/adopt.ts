import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type CgroupParent, removeCgroup } from "../host/cgroup.ts";
import { cgroupPids } from "../host/cgroup-processes.ts";
import { errnoOf } from "../host/errno.ts";
import { type ExitStatus, readExit } from "./exits.ts";
import type { Freezer } from "./freezer.ts";
import type { LaunchedProcess } from "./launcher.ts";
import { shimSocket, shortId } from "./places.ts";
import { shimStatus } from "./shim.ts";

/** What became of a container while no daemon looked. */
export type Found =
  | { readonly phase: "created" }
  | { readonly phase: "running"; readonly process: LaunchedProcess }
  | { readonly phase: "exited"; readonly exit: ExitStatus };

export interface Whereabouts {
  readonly run: string;
  readonly cgroups: readonly CgroupParent[];
  readonly freezer: Freezer;
}

/**
 * Finds a container again: by what its shim wrote, else by asking the shim. One whose shim was killed is ended and
 * counts as never started: that its supervisor died is gantry's failure, not the container's, so whatever its restart
 * policy it is started again.
 */
export async function findContainer(where: Whereabouts, id: string): Promise<Found> {
  const exit = await readExit(where.run, id);
  if (exit !== undefined) return { phase: "exited", exit };
  const process = await shimStatus(shimSocket(where.run, id));
  if (process !== undefined) return { phase: "running", process };
  // The shim may have ended meanwhile, in the order: exit file, socket, itself.
  const late = await readExit(where.run, id);
  if (late !== undefined) return { phase: "exited", exit: late };
  await where.freezer.thaw(id); // v1 kills nothing that is frozen
  await killCgroup(where.cgroups, shortId(id));
  await where.freezer.forget(id);
  return { phase: "created" };
}

/** Kills every process of a container by its cgroup and removes it. Only gantry puts processes there. */
export async function killCgroup(cgroups: readonly CgroupParent[], name: string): Promise<void> {
  const deadline = Date.now() + 5000;
  for (const { path } of cgroups) {
    for (;;) {
      const pids = await cgroupPids(join(path, name));
      for (const pid of pids) kill(pid);
      if (pids.length === 0 || Date.now() > deadline) break;
      await delay(5);
    }
    await removeCgroup(join(path, name));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

/** Removes run folders and cgroups that belong to no record: what a crash left half-made or half-removed. */
export async function sweepUnowned(where: Whereabouts, owned: ReadonlySet<string>): Promise<void> {
  const folder = join(where.run, "containers");
  const names = new Set([...owned].map(shortId));
  await where.freezer.sweep(owned);
  for (const { path } of where.cgroups)
    for (const entry of await readdir(path, { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory() && !names.has(entry.name)) await killCgroup(where.cgroups, entry.name);
  for (const name of await readdir(folder).catch(() => []))
    if (!names.has(name)) await rm(join(folder, name), { recursive: true, force: true });
}
