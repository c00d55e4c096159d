import type { PlanWriter } from "../runtime/plan/encode.ts";
import { existsSync } from "node:fs";
import type { BundleDevice } from "./bundle.ts";
import { OciError } from "./oci-error.ts";

/** stat(2), st_mode. */
const TYPES: Readonly<Record<string, number>> = { c: 0o020000, u: 0o020000, b: 0o060000, p: 0o010000 };
const node = (path: string, major: number, minor: number): BundleDevice => ({
  path,
  type: "c",
  major,
  minor,
  fileMode: 0o666,
  uid: 0,
  gid: 0,
});
/** config-linux.md "Default Devices". */
const DEFAULT: readonly BundleDevice[] = [
  node("/dev/null", 1, 3),
  node("/dev/zero", 1, 5),
  node("/dev/full", 1, 7),
  node("/dev/random", 1, 8),
  node("/dev/urandom", 1, 9),
  node("/dev/tty", 5, 0),
];
const LINKS: readonly (readonly [target: string, path: string])[] = [
  ["/proc/self/fd", "/dev/fd"],
  ["/proc/self/fd/0", "/dev/stdin"],
  ["/proc/self/fd/1", "/dev/stdout"],
  ["/proc/self/fd/2", "/dev/stderr"],
  ["pts/ptmx", "/dev/ptmx"],
];
/** Made as a link or with the terminal, whatever the bundle says. */
const OURS = new Set(["/dev/ptmx", "/dev/console"]);

/** The nodes of a container: the bundle's say what the defaults of the same path are. */
function nodesOf(devices: readonly BundleDevice[]): readonly BundleDevice[] {
  const named = new Map([...DEFAULT, ...devices].map((device) => [device.path, device]));
  return [...named.values()].filter(({ path }) => !OURS.has(path));
}

/** In a user namespace nobody can make a node that works: those of the host are shown instead. Throws OciError. */
export function takeNodes(
  plan: PlanWriter,
  devices: readonly BundleDevice[],
  nextSlot: () => number,
): ReadonlyMap<string, number> {
  const slots = new Map<string, number>();
  for (const { path } of nodesOf(devices)) {
    if (!existsSync(path))
      throw new OciError(`device ${path} is not on the host, and a user namespace can make none`);
    const slot = nextSlot();
    plan.add("hostTree", slot, path, 0, 0);
    slots.set(path, slot);
  }
  return slots;
}

/** In the child, after the mounts. */
export function addNodes(
  plan: PlanWriter,
  devices: readonly BundleDevice[],
  taken: ReadonlyMap<string, number> | undefined,
): void {
  for (const { path, type, major, minor, fileMode, uid, gid } of nodesOf(devices)) {
    const slot = taken?.get(path);
    if (slot !== undefined) {
      plan.add("attachAs", slot, path, 0, 0, 0, 0);
      continue;
    }
    plan.add("device", path, (TYPES[type] ?? 0) | fileMode, major, minor);
    plan.add("owner", path, uid, gid);
  }
  for (const [target, path] of LINKS) plan.add("symlink", target, path);
}
