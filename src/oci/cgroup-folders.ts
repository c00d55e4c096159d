import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../host/errno.ts";
import { OciError } from "./oci-error.ts";

/** The kernel's documentation, cgroup-v1 and cgroup-v2.rst; cgroups(7). */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Of v1, as mounted together: `cpu`, `cpuacct`, or `name=systemd`. Of v2 those it has itself. */
  readonly controllers: readonly string[];
  /** Where it is mounted. */
  readonly mount: string;
}

/** A container's own folder in a hierarchy. */
export interface CgroupFolder extends Hierarchy {
  readonly path: string;
}

/** Every hierarchy of this machine, v1 and v2 alike: layouts are mixed. */
export function readHierarchies(): readonly Hierarchy[] {
  const found = new Map<string, Hierarchy>();
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [before, after] = line.split(" - ");
    const [, , , root, mount = ""] = before?.split(" ") ?? [];
    const [type, , options = ""] = after?.split(" ") ?? [];
    if ((type !== "cgroup" && type !== "cgroup2") || root === undefined) continue;
    const key = type === "cgroup2" ? "unified" : options;
    // The first of several mounts is the machine's own; containers' come after it.
    if (found.has(key)) continue;
    const controllers =
      type === "cgroup2"
        ? words(readIfThere(join(mount, "cgroup.controllers")))
        : options.split(",").filter((one) => !["rw", "ro", "xattr", "clone_children"].includes(one));
    found.set(key, {
      version: type === "cgroup2" ? 2 : 1,
      controllers: controllers.filter((one) => !one.startsWith("release_agent=")),
      mount,
    });
  }
  return [...found.values()];
}

/**
 * The folders that `cgroupsPath` means: from the top of each hierarchy when it is absolute, else from where this process
 * is; without one, named by the container's id.
 */
export function cgroupFolders(cgroupsPath: string, id: string): readonly CgroupFolder[] {
  const own = readFileSync("/proc/self/cgroup", "utf8");
  return readHierarchies().map((hierarchy) => {
    const path = cgroupsPath === "" ? id : cgroupsPath;
    const base = path.startsWith("/") ? "/" : ownPath(own, hierarchy);
    const absolute = join("/", base, join("/", path));
    return { ...hierarchy, path: join(hierarchy.mount, absolute) };
  });
}

/** Path of a process in a hierarchy by the text of its /proc/PID/cgroup. */
export function ownPath(text: string, { version, controllers }: Hierarchy): string {
  for (const line of text.split("\n")) {
    const [, names, ...path] = line.split(":");
    const mine = version === 2 ? names === "" : names?.split(",").some((one) => controllers.includes(one));
    if (mine === true) return path.join(":");
  }
  return "/";
}

/** Makes them where they are missing. Returns those that were made; says so of every failure by OciError. */
export function makeCgroupFolders(folders: readonly CgroupFolder[]): void {
  for (const folder of folders) {
    try {
      if (folder.version === 2) delegateTo(folder);
      mkdirSync(folder.path, { recursive: true });
      if (folder.controllers.includes("cpuset")) fillCpuset(folder.mount, folder.path, folder.version);
    } catch (error) {
      const code = errnoOf(error);
      throw new OciError(
        `unable to apply cgroup configuration: mkdir ${folder.path}: ${code === "EACCES" ? "permission denied" : code}`,
      );
    }
  }
}

/** On v2 a cgroup has the controllers that the one above passes on. */
function delegateTo({ mount, path, controllers }: CgroupFolder): void {
  let above = mount;
  for (const name of path.slice(mount.length).split("/").filter(Boolean)) {
    for (const controller of controllers) {
      try {
        writeFileSync(join(above, "cgroup.subtree_control"), `+${controller}`);
      } catch {
        // Processes are in it, or it has not been given this one itself: a limit that needs it then says so.
      }
    }
    above = join(above, name);
    if (!existsSync(above)) mkdirSync(above);
  }
}

/** v1: a cpuset holds no process before it has CPUs and memory nodes, taken from the one above. */
function fillCpuset(mount: string, path: string, version: 1 | 2): void {
  if (version === 2 || path === mount) return;
  fillCpuset(mount, dirname(path), version);
  for (const name of ["cpuset.cpus", "cpuset.mems"])
    if (readFileSync(join(path, name), "utf8").trim() === "")
      writeFileSync(join(path, name), readFileSync(join(dirname(path), name), "utf8"));
}

/** Removes them with what lies below; kills nothing, and leaves what is in use to the caller's next try. */
export function removeCgroupFolders(folders: readonly CgroupFolder[]): void {
  for (const { path } of folders) removeTree(path);
}

function removeTree(path: string): void {
  for (let tries = 0; ; tries += 1) {
    try {
      for (const name of subfolders(path)) removeTree(name);
      rmdirSync(path);
      return;
    } catch (error) {
      const code = errnoOf(error);
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || tries === 200) throw error;
      pause(5); // stays busy for a moment after its last process is gone
    }
  }
}

/** Without the event loop: nothing else is going on in this process. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function subfolders(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));
}

/** Pids in these folders and below; each once. */
export function pidsIn(folders: readonly CgroupFolder[]): readonly number[] {
  const found = new Set<number>();
  const look = (path: string): void => {
    if (!existsSync(path)) return;
    for (const pid of words(readIfThere(join(path, "cgroup.procs")))) found.add(Number(pid));
    for (const below of subfolders(path)) look(below);
  };
  for (const { path } of folders) look(path);
  return [...found].sort((one, other) => one - other);
}

/** The folder of the hierarchy that has a controller. */
export function folderOf(folders: readonly CgroupFolder[], controller: string): CgroupFolder | undefined {
  return folders.find(({ controllers }) => controllers.includes(controller));
}

/** The freezer: v1's where there is one, else v2's. */
function freezerOf(
  folders: readonly CgroupFolder[],
): { readonly file: string; readonly version: 1 | 2 } | undefined {
  const first = folderOf(folders, "freezer");
  if (first !== undefined) return { file: join(first.path, "freezer.state"), version: 1 };
  const unified = folders.find(({ version }) => version === 2);
  return unified === undefined ? undefined : { file: join(unified.path, "cgroup.freeze"), version: 2 };
}

export function isFrozen(folders: readonly CgroupFolder[]): boolean {
  const freezer = freezerOf(folders);
  if (freezer === undefined) return false;
  const state = readIfThere(freezer.file).trim();
  return state === "1" || state === "FROZEN" || state === "FREEZING";
}

/** Stops all processes or lets them go on; returns once they do. Throws OciError. */
export function setFrozen(folders: readonly CgroupFolder[], frozen: boolean): void {
  const freezer = freezerOf(folders);
  if (freezer === undefined) throw new OciError("this machine has no cgroup freezer");
  const wanted = freezer.version === 1 ? (frozen ? "FROZEN" : "THAWED") : frozen ? "1" : "0";
  for (let tries = 0; tries < 1000; tries += 1) {
    writeFileSync(freezer.file, wanted);
    if (freezer.version === 2) {
      const events = readIfThere(join(dirname(freezer.file), "cgroup.events"));
      if (!events.includes("frozen ") || events.includes(`frozen ${wanted}`)) return;
    } else if (readIfThere(freezer.file).trim() === wanted) return;
    pause(2);
  }
  writeFileSync(freezer.file, freezer.version === 1 ? "THAWED" : "0");
  throw new OciError("unable to freeze");
}

/** The folder v1 hierarchies have below /sys/fs/cgroup, and the other names that lead to it. */
export function mountNames(hierarchy: Hierarchy): {
  readonly name: string;
  readonly links: readonly string[];
} {
  const name = basename(hierarchy.mount);
  return {
    name,
    links: hierarchy.controllers.length > 1 ? hierarchy.controllers.filter((one) => one !== name) : [],
  };
}

export function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** False for a path that is no folder. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}
