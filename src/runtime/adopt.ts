import { mkdir, readdir, rm, stat, writeFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cgroupPids, type CgroupParent, removeCgroup } from "../host/cgroup.ts";
import { errnoOf } from "../host/errno.ts";
import { cgroupName } from "./compile.ts";
import { type ExitStatus, readExit } from "./exits.ts";
import type { LaunchedProcess } from "./launcher.ts";
import { shimStatus } from "./shim.ts";

/** What became of a container while no daemon looked. */
export type Found =
  | { readonly phase: "created" }
  | { readonly phase: "running"; readonly process: LaunchedProcess }
  | { readonly phase: "exited"; readonly exit: ExitStatus };

/** Exit code of a container whose shim was killed: nobody saw its end. */
const UNKNOWN_EXIT = 255;

export interface Whereabouts {
  readonly run: string;
  readonly cgroups: readonly CgroupParent[];
}

export function shimSocket(run: string, id: string): string {
  return join(run, "containers", id, "shim.sock");
}

/** Finds a container again: by what its shim wrote, else by asking the shim, else by ending what it left. */
export async function findContainer(where: Whereabouts, id: string): Promise<Found> {
  const exit = await readExit(where.run, id);
  if (exit !== undefined) return { phase: "exited", exit };
  const folder = join(where.run, "containers", id);
  if ((await stat(folder).catch(() => undefined)) === undefined) return { phase: "created" };
  const process = await shimStatus(shimSocket(where.run, id));
  if (process !== undefined) return { phase: "running", process };
  // The shim may have ended in the order: exit file, socket, itself.
  const late = await readExit(where.run, id);
  return { phase: "exited", exit: late ?? (await endLost(where, id)) };
}

/** Ends what is left of a container whose shim is gone without a word, and records that its status is not known. */
export async function endLost(where: Whereabouts, id: string): Promise<ExitStatus> {
  await killCgroup(where.cgroups, cgroupName(id));
  const now = Date.now();
  const exit: ExitStatus = { code: UNKNOWN_EXIT, oomKilled: false, startedAt: now, finishedAt: now };
  const folder = join(where.run, "containers", id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, "exit.tmp"), JSON.stringify(exit), { mode: 0o600 });
  await rename(join(folder, "exit.tmp"), join(folder, "exit"));
  await rm(shimSocket(where.run, id), { force: true });
  return exit;
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
  const names = new Set([...owned].map(cgroupName));
  for (const { path } of where.cgroups)
    for (const entry of await readdir(path, { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory() && !names.has(entry.name)) await killCgroup(where.cgroups, entry.name);
  for (const id of await readdir(folder).catch(() => []))
    if (!owned.has(id)) await rm(join(folder, id), { recursive: true, force: true });
}
