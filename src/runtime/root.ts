import type { DeviceNode } from "./devices.ts";
import type { PlanWriter } from "./plan/encode.ts";

/** mount_setattr(2) attributes. */
export const MOUNT_ATTRIBUTE = { readOnly: 1n, noSuid: 2n, noDev: 4n, noExec: 8n } as const;
const { noSuid, noDev, noExec, readOnly } = MOUNT_ATTRIBUTE;

const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;
/** Refuses a target that is a symlink, as /proc, /sys and /dev of a hostile image may be. */
const NO_FOLLOW = 0x10000;

const CHARACTER_DEVICE = 0o020000;
const DEVICES: readonly (readonly [path: string, major: number, minor: number])[] = [
  ["/dev/null", 1, 3],
  ["/dev/zero", 1, 5],
  ["/dev/full", 1, 7],
  ["/dev/random", 1, 8],
  ["/dev/urandom", 1, 9],
  ["/dev/tty", 5, 0],
];
const DEVICE_LINKS: readonly (readonly [target: string, path: string])[] = [
  ["/proc/self/fd", "/dev/fd"],
  ["/proc/self/fd/0", "/dev/stdin"],
  ["/proc/self/fd/1", "/dev/stdout"],
  ["/proc/self/fd/2", "/dev/stderr"],
  ["pts/ptmx", "/dev/ptmx"],
  ["/proc/kcore", "/dev/core"],
];

/** Docker's lists: what of the host's kernel a container must not read, and what it must not write. */
const MASKED = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];
const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** /proc, /dev and what lies in it, /sys: the file systems of the OCI runtime-spec's config-linux. */
export function addFileSystems(
  plan: PlanWriter,
  options: {
    readonly unifiedCgroup: boolean;
    /** /sys can be written to, which only privileged containers may. */
    readonly writable: boolean;
    /** undefined where /dev/shm is another's. */
    readonly sharedMemory: { readonly bytes: number | undefined } | undefined;
  },
): void {
  const kernel = noSuid | noDev | noExec | (options.writable ? 0n : readOnly);
  const folder = 0o755 | NO_FOLLOW;
  plan.add("mount", "proc", "proc", "", noSuid | noDev | noExec, "/proc", folder);
  plan.add("mount", "tmpfs", "tmpfs", "mode=755,size=65536k", noSuid | noExec, "/dev", folder);
  for (const [path, major, minor] of DEVICES)
    plan.add("device", path, CHARACTER_DEVICE | 0o666, major, minor);
  for (const [target, path] of DEVICE_LINKS) plan.add("symlink", target, path);
  plan.add(
    "mount",
    "devpts",
    "devpts",
    "newinstance,ptmxmode=0666,mode=0620,gid=5",
    noSuid | noExec,
    "/dev/pts",
    folder,
  );
  if (options.sharedMemory !== undefined) {
    const size = options.sharedMemory.bytes ?? DEFAULT_SHM_BYTES;
    plan.add("mount", "tmpfs", "shm", `mode=1777,size=${size}`, noSuid | noDev | noExec, "/dev/shm", folder);
  }
  plan.add("mount", "mqueue", "mqueue", "", noSuid | noDev | noExec, "/dev/mqueue", folder);
  plan.add("mount", "sysfs", "sysfs", "", kernel, "/sys", folder);
  if (options.unifiedCgroup) plan.add("mount", "cgroup2", "cgroup", "", kernel, "/sys/fs/cgroup", folder);
}

/** Nodes for further devices; those that every container has are left as they are. */
export function addDevices(plan: PlanWriter, nodes: readonly DeviceNode[]): void {
  const made = new Set([...DEVICES.map(([path]) => path), ...DEVICE_LINKS.map(([, path]) => path)]);
  for (const { path, mode, major, minor, uid, gid } of nodes) {
    if (made.has(path)) continue;
    made.add(path);
    plan.add("device", path, mode, major, minor);
    if (uid !== 0 || gid !== 0) plan.add("owner", path, uid, gid);
  }
}

/** Hides and write-protects what containers share with the host's kernel. After addFileSystems. */
export function addMasks(plan: PlanWriter): void {
  for (const path of READ_ONLY) plan.add("readOnly", path);
  for (const path of MASKED) plan.add("mask", path);
}
