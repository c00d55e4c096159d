import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PlanWriter } from "../runtime/plan/encode.ts";
import type { BundleMount } from "./bundle.ts";
import { type CgroupFolder, mountNames } from "./cgroup-folders.ts";
import { type MountOptions, MOUNT_ATTR, parseMountOptions, PROPAGATION } from "./mount-options.ts";
import { OciError } from "./oci-error.ts";

/** With the mode of a mount's target: refuses one that is a symlink (CVE-2019-19921). */
const TARGET_NO_FOLLOW = 0x10000;
const ALL_BELOW = 2;
const DEFAULT_PROPAGATION = PROPAGATION["rslave"] ?? 0;

/** A mount and the slots of what of the host's it shows, taken before there is a container. */
interface Prepared {
  readonly mount: BundleMount;
  readonly options: MountOptions;
  readonly slot: number | undefined;
  readonly hierarchies: readonly { readonly folder: CgroupFolder; readonly slot: number | undefined }[];
}

export interface MountsInput {
  /** Absolute: relative sources start there. */
  readonly bundle: string;
  readonly mounts: readonly BundleMount[];
  readonly cgroups: readonly CgroupFolder[];
  readonly ownCgroupNamespace: boolean;
  /** `rslave` and so on; empty is the default. */
  readonly rootfsPropagation: string;
  readonly nextSlot: () => number;
}

/** In the parent: detached copies of the host's mounts. Throws OciError for a source that is not there. */
export function takeMounts(plan: PlanWriter, input: MountsInput): readonly Prepared[] {
  return input.mounts.map((mount) => {
    const options = parseMountOptions(mount.options);
    if (options.remount && !options.bind)
      throw new OciError(`mounts: remount of ${mount.destination} is not supported`);
    if (mount.options.includes("tmpcopyup"))
      throw new OciError(`mounts: tmpcopyup of ${mount.destination} is not supported`);
    if (options.bind || mount.type === "bind") {
      const source = resolve(input.bundle, mount.source);
      if (!existsSync(source))
        throw new OciError(
          `error mounting "${source}" to rootfs at "${mount.destination}": stat ${source}: no such file or directory`,
        );
      const slot = input.nextSlot();
      plan.add("hostTree", slot, source, options.recursive ? 1 : 0, 0);
      return { mount, options, slot, hierarchies: [] };
    }
    if (mount.type !== "cgroup") return { mount, options, slot: undefined, hierarchies: [] };
    const first = input.cgroups.filter(({ version }) => version === 1);
    const shown = first.length > 0 ? first : input.cgroups;
    return {
      mount,
      options,
      slot: undefined,
      hierarchies: shown.map((folder) => {
        if (input.ownCgroupNamespace) return { folder, slot: undefined };
        const slot = input.nextSlot();
        plan.add("hostTree", slot, folder.path, 0, 0);
        return { folder, slot };
      }),
    };
  });
}

/** In the child, once the root is there, in the bundle's order. */
export function addMounts(plan: PlanWriter, prepared: readonly Prepared[], rootfsPropagation: string): void {
  for (const one of prepared) {
    const { mount, options, slot } = one;
    if (slot !== undefined) {
      const { set, clear } = options.attributes;
      plan.add("attachAs", slot, mount.destination, set, clear, inherited(rootfsPropagation), ALL_BELOW);
    } else if (mount.type === "cgroup") addCgroupMounts(plan, one);
    else addFileSystem(plan, mount, options);
    const { set, clear } = options.recursiveAttributes;
    if (set !== 0 || clear !== 0) plan.add("mountSet", mount.destination, set, clear, 0, 1);
    for (const { type, recursive } of options.propagation)
      plan.add("mountSet", mount.destination, 0, 0, type, recursive ? 1 : 0);
  }
}

/** What a copy of a host's mount does with the host's changes when its own options do not say. */
export function inherited(rootfsPropagation: string): number {
  const type = PROPAGATION[rootfsPropagation] ?? DEFAULT_PROPAGATION;
  // Of what nobody may bind nothing could be shown.
  if (type === PROPAGATION["unbindable"]) return PROPAGATION["private"] ?? 0;
  // Shared with the host it is already, where the host's is.
  return type === PROPAGATION["shared"] ? 0 : type;
}

function addFileSystem(
  plan: PlanWriter,
  { type, source, destination }: BundleMount,
  options: MountOptions,
): void {
  const kernel = type === "proc" || type === "sysfs";
  plan.add(
    "mount",
    type,
    source,
    options.data.join(","),
    isFilled(type) ? options.attributes.set & ~MOUNT_ATTR.readOnly : options.attributes.set,
    destination,
    0o755 | (kernel ? TARGET_NO_FOLLOW : 0),
  );
}

/** Empty at first, and further mounts and nodes may have their places in it. */
function isFilled(type: string): boolean {
  return type === "tmpfs";
}

/** Once everything has been put where it belongs: what was left writable for that. */
export function addReadOnly(plan: PlanWriter, prepared: readonly Prepared[]): void {
  for (const { mount, options } of prepared)
    if (isFilled(mount.type) && !options.bind && (options.attributes.set & MOUNT_ATTR.readOnly) !== 0)
      plan.add("mountSet", mount.destination, MOUNT_ATTR.readOnly, 0, 0, 0);
}

/** v2 is one file system; v1 is one for each hierarchy, in a tmpfs, under the names the host has. */
function addCgroupMounts(plan: PlanWriter, { mount, options, hierarchies }: Prepared): void {
  const { set, clear } = options.attributes;
  const [only] = hierarchies;
  if (hierarchies.length === 1 && only?.folder.version === 2) {
    if (only.slot === undefined) plan.add("mount", "cgroup2", "cgroup", "", set, mount.destination, 0o755);
    else
      plan.add("attachAs", only.slot, mount.destination, set, clear, PROPAGATION["private"] ?? 0, ALL_BELOW);
    return;
  }
  const { noSuid, noDev, noExec, readOnly } = MOUNT_ATTR;
  plan.add("mount", "tmpfs", "tmpfs", "mode=755", noSuid | noDev | noExec, mount.destination, 0o755);
  for (const { folder, slot } of hierarchies) {
    const { name, links } = mountNames(folder);
    const target = join(mount.destination, name);
    const data = folder.controllers.map((one) => (one.startsWith("name=") ? `none,${one}` : one)).join(",");
    if (slot === undefined) plan.add("mount", "cgroup", "cgroup", data, set, target, 0o755);
    else {
      plan.add("mkdirIn", target, 0o755);
      plan.add("attachAs", slot, target, set, clear, PROPAGATION["private"] ?? 0, ALL_BELOW);
    }
    for (const link of links) plan.add("symlink", name, join(mount.destination, link));
  }
  if ((set & readOnly) !== 0) plan.add("mountSet", mount.destination, readOnly, 0, 0, 0);
}

/** Whether /dev is the container's own to fill: it is, unless the bundle puts the host's there. */
export function fillsDev(mounts: readonly BundleMount[]): boolean {
  const dev = mounts.find(({ destination }) => destination.replace(/\/+$/, "") === "/dev");
  if (dev === undefined) return true;
  return !(dev.type === "bind" || parseMountOptions(dev.options).bind);
}

/** Throws OciError when the root file system is no folder. */
export function checkRootfs(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new OciError(`invalid rootfs: stat ${path}: no such file or directory`);
}
