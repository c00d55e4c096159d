import type { ContainerMount } from "./container.ts";
import { MOUNT_ATTRIBUTE } from "./mount-attribute.ts";

type Tmpfs = Extract<ContainerMount, { type: "tmpfs" }>;

/** Docker's, as for /tmp. */
export const TMPFS_MODE = 0o1777;

/** tmpfs(5) options. */
export function tmpfsOptions({ mode = TMPFS_MODE, sizeBytes, inodes, uid, gid }: Tmpfs): string {
  const options = [
    `mode=${mode.toString(8)}`,
    ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`]),
    ...(inodes === undefined ? [] : [`nr_inodes=${inodes}`]),
    ...(uid === undefined ? [] : [`uid=${uid}`]),
    ...(gid === undefined ? [] : [`gid=${gid}`]),
  ];
  return options.join(",");
}

/** mount_setattr(2) attributes: as with docker no programs, set-user-ID bits or devices, unless it says so. */
export function tmpfsAttributes({ readOnly = false, exec = false, suid = false }: Tmpfs): bigint {
  return (
    MOUNT_ATTRIBUTE.noDev |
    (readOnly ? MOUNT_ATTRIBUTE.readOnly : 0n) |
    (exec ? 0n : MOUNT_ATTRIBUTE.noExec) |
    (suid ? 0n : MOUNT_ATTRIBUTE.noSuid)
  );
}
