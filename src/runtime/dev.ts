import type { DeviceNode } from "./devices.ts";
import { MOUNT_ATTRIBUTE } from "./mount-attribute.ts";
import type { PlanWriter } from "./plan/encode.ts";

const CHARACTER_DEVICE = 0o020000;
/** By their paths below /dev. */
const DEVICES: readonly (readonly [path: string, major: number, minor: number])[] = [
  ["/null", 1, 3],
  ["/zero", 1, 5],
  ["/full", 1, 7],
  ["/random", 1, 8],
  ["/urandom", 1, 9],
  ["/tty", 5, 0],
];
const LINKS: readonly (readonly [target: string, path: string])[] = [
  ["/proc/self/fd", "/fd"],
  ["/proc/self/fd/0", "/stdin"],
  ["/proc/self/fd/1", "/stdout"],
  ["/proc/self/fd/2", "/stderr"],
  ["pts/ptmx", "/ptmx"],
  ["/proc/kcore", "/core"],
];
/** Where further file systems are mounted. */
const FOLDERS = ["/pts", "/shm", "/mqueue"];

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

/** Slots of the detached mounts for /dev and /dev/shm. */
export interface Dev {
  readonly nodes: number;
  readonly sharedMemory: number;
}

/**
 * Makes /dev, with what lies in it, and /dev/shm before there is a root to mount them on: nobody in a user namespace can
 * make a device node that works, nor share memory with a container that is in another.
 */
export function addDev(
  plan: PlanWriter,
  options: {
    readonly nodes: readonly DeviceNode[];
    readonly nextSlot: () => number;
    /** The slot of another's /dev/shm, or who owns a new one, on the host. */
    readonly sharedMemory: number | { readonly bytes: number | undefined; readonly owner: number };
  },
): Dev {
  const { noSuid, noDev, noExec } = MOUNT_ATTRIBUTE;
  const nodes = options.nextSlot();
  plan.add("newTree", nodes, "tmpfs", "tmpfs", "mode=755,size=65536k", noSuid | noExec);
  plan.add("below", nodes);
  for (const [path, major, minor] of DEVICES)
    plan.add("device", path, CHARACTER_DEVICE | 0o666, major, minor);
  for (const [target, path] of LINKS) plan.add("symlink", target, path);
  for (const path of FOLDERS) plan.add("mkdirIn", path, 0o755);
  addNodes(plan, options.nodes);
  if (typeof options.sharedMemory === "number") return { nodes, sharedMemory: options.sharedMemory };
  const { bytes = DEFAULT_SHM_BYTES, owner } = options.sharedMemory;
  const sharedMemory = options.nextSlot();
  const settings = `mode=1777,size=${bytes},uid=${owner},gid=${owner}`;
  plan.add("newTree", sharedMemory, "tmpfs", "shm", settings, noSuid | noDev | noExec);
  return { nodes, sharedMemory };
}

/** Nodes for further devices; those that every container has are left as they are. */
function addNodes(plan: PlanWriter, nodes: readonly DeviceNode[]): void {
  const made = new Set([...DEVICES.map(([path]) => path), ...LINKS.map(([, path]) => path)]);
  for (const { path, mode, major, minor, uid, gid } of nodes) {
    const below = path.slice("/dev".length);
    if (made.has(below)) continue;
    made.add(below);
    plan.add("device", below, mode, major, minor);
    if (uid !== 0 || gid !== 0) plan.add("owner", below, uid, gid);
  }
}
