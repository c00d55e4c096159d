import type { ContainerContent } from "./container.ts";
import { MOUNT_ATTRIBUTE } from "./mount-attribute.ts";
import type { PlanWriter } from "./plan/encode.ts";

/** Covered by /proc before any process runs. */
const STAGING = "/proc";
/** Permissions of the files are set as they are asked for, and of all others as the launcher has it. */
const UMASK = { none: 0, launcher: 0o022 } as const;
const SPARE_INODES = 16;

export interface ContentMounts {
  /** Takes a mount of each file, in the child, while there is a root and no /proc yet. */
  readonly stage: (plan: PlanWriter) => void;
  /** Attaches them, in the child, over whatever else is mounted there. */
  readonly attach: (plan: PlanWriter) => void;
}

/**
 * Writes configs and secrets into a tmpfs of the container's own, before there is a root to mount it on. Each file is
 * then mounted by itself, read-only: what lies beside its target stays to be seen. `owner` is the host's id of the
 * container's root.
 */
export function addContents(
  plan: PlanWriter,
  contents: readonly (ContainerContent & { readonly bytes: Uint8Array })[],
  nextSlot: () => number,
  owner: number,
): ContentMounts {
  if (contents.length === 0) return { stage: () => undefined, attach: () => undefined };
  const { noSuid, noDev, readOnly } = MOUNT_ATTRIBUTE;
  const tree = nextSlot();
  const kilobytes = contents.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 4096) * 4 + 4, 64);
  const options = `mode=755,size=${kilobytes}k,nr_inodes=${contents.length + SPARE_INODES}`;
  plan.add("newTree", tree, "tmpfs", "tmpfs", options, noSuid | noDev);
  plan.add("below", tree);
  plan.add("umask", UMASK.none);
  for (const [index, { bytes, mode, uid, gid }] of contents.entries()) {
    plan.add("create", tree, String(index), mode, bytes);
    plan.add("owner", `/${index}`, owner + uid, owner + gid);
  }
  plan.add("umask", UMASK.launcher);
  const files = contents.map(({ target }) => ({ target, slot: nextSlot() }));
  return {
    stage: (child) => {
      child.add("attach", tree, STAGING, noSuid | noDev);
      for (const [index, { slot }] of files.entries()) child.add("treeBelow", slot, `${STAGING}/${index}`);
    },
    attach: (child) => {
      for (const { slot, target } of files) child.add("attach", slot, target, readOnly | noSuid | noDev);
    },
  };
}
