import { mkdir, readFile, rmdir, writeFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { delegate } from "./delegation.ts";
import { errnoOf } from "./errno.ts";

/** The controllers every container has a cgroup of. */
export const CONTROLLERS = ["cpu", "memory", "pids"] as const;
/** On v1 each is a hierarchy of its own, and joining one costs time: only for containers that ask for them. */
const ON_DEMAND = ["cpuset", "io", "devices"] as const;
export type Controller = (typeof CONTROLLERS)[number] | (typeof ON_DEMAND)[number];
const ALL: readonly Controller[] = [...CONTROLLERS, ...ON_DEMAND];
const NAME_IN_V1: Readonly<Partial<Record<Controller, string>>> = { io: "blkio" };

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
    for (const name of ALL) {
      if (type === "cgroup" && options.split(",").includes(NAME_IN_V1[name] ?? name))
        controllers[name] ??= { version: 1, mount };
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
  /** Every CPU, as cpuset(7) lists them, where the hierarchy has the cpuset controller. */
  readonly cpus?: string;
  /** The file that takes weights of block device input and output, where this kernel has one. */
  readonly ioWeightFile?: string;
}

/** Whether only containers that ask for one of its controllers have a cgroup there. */
export function isOnDemand({ controllers }: CgroupParent): boolean {
  return !controllers.some((name) => (CONTROLLERS as readonly string[]).includes(name));
}

/** Makes the instance's parent cgroup in every hierarchy, once at start. */
export async function makeCgroupParents(
  layout: CgroupLayout,
  name: string,
): Promise<readonly CgroupParent[]> {
  const byMount = new Map<string, { version: 1 | 2; controllers: Controller[] }>();
  for (const controller of ALL) {
    const found = layout.controllers[controller];
    if (found === undefined) continue;
    const group = byMount.get(found.mount) ?? { version: found.version, controllers: [] };
    group.controllers.push(controller);
    byMount.set(found.mount, group);
  }
  const parents: CgroupParent[] = [];
  for (const [mount, { version, controllers: there }] of byMount) {
    const path = join(mount, name);
    const controllers = version === 2 ? await delegate(mount, there) : there;
    await mkdir(path, { recursive: true });
    if (version === 2) await delegate(path, controllers);
    const cpus = controllers.includes("cpuset") ? await openCpuset(mount, path, version) : undefined;
    const ioWeightFile = controllers.includes("io") ? await findIoWeight(path, version) : undefined;
    parents.push({
      version,
      controllers,
      path,
      ...(cpus === undefined ? {} : { cpus }),
      ...(ioWeightFile === undefined ? {} : { ioWeightFile }),
    });
  }
  return parents;
}

/** v1: a cpuset holds no process before it has CPUs and memory nodes; those below are told to take theirs from it. */
async function openCpuset(mount: string, path: string, version: 1 | 2): Promise<string> {
  if (version === 2) return (await readFile(join(path, "cpuset.cpus.effective"), "utf8")).trim();
  for (const name of ["cpuset.cpus", "cpuset.mems"])
    await writeFile(join(path, name), await readFile(join(mount, name), "utf8"));
  await writeFile(join(path, "cgroup.clone_children"), "1");
  return (await readFile(join(path, "cpuset.cpus"), "utf8")).trim();
}

async function findIoWeight(path: string, version: 1 | 2): Promise<string | undefined> {
  const files = await readdir(path);
  const names = version === 2 ? ["io.bfq.weight", "io.weight"] : ["blkio.bfq.weight", "blkio.weight"];
  return names.find((name) => files.includes(name));
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
