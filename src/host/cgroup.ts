import { mkdir, readFile, rmdir, writeFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "./errno.ts";

/** The controllers gantry uses. */
export const CONTROLLERS = ["cpu", "memory", "pids"] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** Where one controller is found. Layouts are mixed per controller, so there is no global mode. */
export interface ControllerMount {
  readonly version: 1 | 2;
  /** Folder of the hierarchy as mounted here. */
  readonly mount: string;
}

export interface CgroupLayout {
  readonly controllers: Readonly<Partial<Record<Controller, ControllerMount>>>;
}

/** Pure: the layout from the texts of /proc/self/mountinfo and of the v2 root's cgroup.controllers. */
export function parseCgroupLayout(mountinfo: string, unifiedControllers: string): CgroupLayout {
  const controllers: Partial<Record<Controller, ControllerMount>> = {};
  const unified = unifiedControllers.trim().split(/\s+/);
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const mount = before?.split(" ")[4];
    const [type, , options] = after?.split(" ") ?? [];
    if (mount === undefined || options === undefined) continue;
    for (const name of CONTROLLERS) {
      if (type === "cgroup" && options.split(",").includes(name)) controllers[name] ??= { version: 1, mount };
      if (type === "cgroup2" && unified.includes(name)) controllers[name] ??= { version: 2, mount };
    }
  }
  return { controllers };
}

/** Path of the cgroup v2 mount in a mountinfo text, if there is one. */
export function unifiedMount(mountinfo: string): string | undefined {
  for (const line of mountinfo.split("\n")) if (line.includes(" - cgroup2 ")) return line.split(" ")[4];
  return undefined;
}

export async function readCgroupLayout(): Promise<CgroupLayout> {
  const mountinfo = await readFile("/proc/self/mountinfo", "utf8");
  const mount = unifiedMount(mountinfo);
  const unified =
    mount === undefined ? "" : await readFile(join(mount, "cgroup.controllers"), "utf8").catch(() => "");
  return parseCgroupLayout(mountinfo, unified);
}

/** An instance's own cgroup in one hierarchy, under which every container has a cgroup. */
export interface CgroupParent {
  readonly version: 1 | 2;
  readonly controllers: readonly Controller[];
  readonly path: string;
}

/** Makes the instance's parent cgroup in every hierarchy, once at start. */
export async function makeCgroupParents(
  layout: CgroupLayout,
  name: string,
): Promise<readonly CgroupParent[]> {
  const byMount = new Map<string, { version: 1 | 2; controllers: Controller[] }>();
  for (const controller of CONTROLLERS) {
    const found = layout.controllers[controller];
    if (found === undefined) continue;
    const group = byMount.get(found.mount) ?? { version: found.version, controllers: [] };
    group.controllers.push(controller);
    byMount.set(found.mount, group);
  }
  const parents: CgroupParent[] = [];
  for (const [mount, { version, controllers }] of byMount) {
    const path = join(mount, name);
    const delegation = controllers.map((controller) => `+${controller}`).join(" ");
    if (version === 2) await writeFile(join(mount, "cgroup.subtree_control"), delegation);
    await mkdir(path, { recursive: true });
    if (version === 2) await writeFile(join(path, "cgroup.subtree_control"), delegation);
    parents.push({ version, controllers, path });
  }
  return parents;
}

/** Removes a cgroup and those below it; processes in it are not touched, so it stays while there are any. */
export async function removeCgroup(path: string): Promise<void> {
  try {
    for (const entry of await readdir(path, { withFileTypes: true }))
      if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
    await rmdir(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "EBUSY") throw error;
  }
}

/** Pids inside a cgroup; none when it is gone. */
export async function cgroupPids(path: string): Promise<readonly number[]> {
  const text = await readFile(join(path, "cgroup.procs"), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean).map(Number);
}
