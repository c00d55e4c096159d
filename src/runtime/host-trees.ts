import type { LaunchInput } from "./compile.ts";
import type { ContainerMount } from "./container.ts";
import type { LaunchedProcess } from "./launcher.ts";
import type { PlanWriter } from "./plan/encode.ts";
import { MOUNT_ATTRIBUTE } from "./mount-attribute.ts";
import { TMPFS_MODE, tmpfsAttributes, tmpfsOptions } from "./tmpfs.ts";

/** A mount of the host's that the container sees somewhere. */
interface HostTree {
  readonly source: string;
  readonly target: string;
  readonly attributes: bigint;
  /** Make a missing source folder. */
  readonly make: boolean;
  readonly recursive: boolean;
}

/** What is mounted into a container, in order: mounts of the host's, and tmpfs. */
type Mounted = HostTree | Extract<ContainerMount, { type: "tmpfs" }>;

export interface HostTrees {
  /** Slots of the detached copies. */
  readonly slots: readonly number[];
  /** Attaches them, in the child. */
  readonly attach: (plan: PlanWriter) => void;
}

type Mounts = Pick<LaunchInput, "config" | "image" | "files" | "volumeFolder">;

/** Takes detached copies of what is mounted from the host. */
export function takeHostTrees(plan: PlanWriter, input: Mounts, nextSlot: () => number): HostTrees {
  const mounted = mountedIn(input).map((mount) => ({ mount, slot: isTree(mount) ? nextSlot() : -1 }));
  for (const { mount, slot } of mounted)
    if (isTree(mount)) plan.add("hostTree", slot, mount.source, mount.recursive ? 1 : 0, mount.make ? 1 : 0);
  return {
    slots: mounted.filter(({ mount }) => isTree(mount)).map(({ slot }) => slot),
    attach: (child) => {
      for (const { mount, slot } of mounted) {
        if (isTree(mount)) child.add("attach", slot, mount.target, mount.attributes);
        else {
          const place = [mount.target, mount.mode ?? TMPFS_MODE] as const;
          child.add("mount", "tmpfs", "tmpfs", tmpfsOptions(mount), tmpfsAttributes(mount), ...place);
        }
      }
    },
  };
}

/** The targets of the mounts whose ids the launcher could not map. */
export function targetsOf(
  input: Mounts,
  { unmapped = "0" }: Pick<LaunchedProcess, "unmapped">,
): readonly string[] {
  if (unmapped === "0") return [];
  const numbers = BigInt(`0x${unmapped}`); // in the order of HostTrees.slots
  return mountedIn(input)
    .filter(isTree)
    .filter((_, number) => ((numbers >> BigInt(number)) & 1n) === 1n)
    .map(({ target }) => target);
}

function mountedIn(input: Mounts): readonly Mounted[] {
  const { readOnly, noSuid, noDev } = MOUNT_ATTRIBUTE;
  const { config, image, files } = input;
  const once = { make: false, recursive: false };
  const noDevUnlessPrivileged = config.security?.privileged === true ? 0n : noDev;
  return [
    ...image.hostMounts.map((mount) => ({ ...mount, attributes: readOnly | noDev, ...once })),
    ...files.map((mount) => ({ ...mount, attributes: readOnly | noSuid | noDev, ...once })),
    ...inOrder(config.mounts).flatMap((mount): Mounted[] => {
      if (mount.type === "tmpfs") return [mount];
      const { target } = mount;
      const attributes = noDevUnlessPrivileged | (mount.readOnly ? readOnly : 0n);
      if (mount.type === "bind")
        return [{ source: mount.source, target, attributes, make: mount.createSource, recursive: true }];
      if (mount.source === undefined) return [];
      return [{ source: input.volumeFolder(mount.source), target, attributes, ...once }];
    }),
  ];
}

function isTree(mount: Mounted): mount is HostTree {
  return "recursive" in mount;
}

/** Outer targets first, so that /data/cache lands inside /data. */
function inOrder(mounts: readonly ContainerMount[]): readonly ContainerMount[] {
  return [...mounts].sort((a, b) => depth(a.target) - depth(b.target));
}

function depth(path: string): number {
  return path.split("/").filter(Boolean).length;
}
