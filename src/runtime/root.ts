import type { Dev } from "./dev.ts";
import { MOUNT_ATTRIBUTE, NO_FOLLOW } from "./mount-attribute.ts";
import type { PlanWriter } from "./plan/encode.ts";

const { noSuid, noDev, noExec, readOnly } = MOUNT_ATTRIBUTE;

/** With the mode of a mount's target: refuses one that is a symlink, as /proc, /sys and /dev of a hostile image may be. */
const TARGET_NO_FOLLOW = 0x10000;

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
    readonly dev: Dev;
  },
): void {
  const kernel = noSuid | noDev | noExec | (options.writable ? 0n : readOnly);
  const folder = 0o755 | TARGET_NO_FOLLOW;
  plan.add("mount", "proc", "proc", "", noSuid | noDev | noExec, "/proc", folder);
  plan.add("attach", options.dev.nodes, "/dev", noSuid | noExec | NO_FOLLOW);
  plan.add(
    "mount",
    "devpts",
    "devpts",
    "newinstance,ptmxmode=0666,mode=0620,gid=5",
    noSuid | noExec,
    "/dev/pts",
    folder,
  );
  plan.add("attach", options.dev.sharedMemory, "/dev/shm", noSuid | noDev);
  plan.add("mount", "mqueue", "mqueue", "", noSuid | noDev | noExec, "/dev/mqueue", folder);
  plan.add("mount", "sysfs", "sysfs", "", kernel, "/sys", folder);
  if (options.unifiedCgroup) plan.add("mount", "cgroup2", "cgroup", "", kernel, "/sys/fs/cgroup", folder);
}

/** Hides and write-protects what containers share with the host's kernel. After addFileSystems. */
export function addMasks(plan: PlanWriter): void {
  for (const path of READ_ONLY) plan.add("readOnly", path);
  for (const path of MASKED) plan.add("mask", path);
}
