import type { Stats } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import { errnoOf } from "../host/errno.ts";
import type { ContainerConfig, DeviceRule } from "./container.ts";

/** A device node to be made in a container's /dev. */
export interface DeviceNode {
  /** Absolute path below /dev in the container. */
  readonly path: string;
  /** st_mode: type and permission bits. */
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
  readonly uid: number;
  readonly gid: number;
  /** Some of `r`, `w` and `m`. */
  readonly permissions: string;
}

/** What containers have of their own in /dev, or must not see of the host's. */
const NOT_THE_HOSTS = new Set(["pts", "shm", "mqueue", "ptmx", "console", "fd", "stdin", "stdout", "stderr"]);
const MOST_DEVICES = 1000;

/**
 * Reads the nodes of the host's devices that a container asks for; a folder stands for all below it, and privileged
 * containers get the host's /dev. Throws spec.invalid for a device that is none or is not there.
 */
export async function findDevices(config: ContainerConfig): Promise<readonly DeviceNode[]> {
  const nodes: DeviceNode[] = [];
  for (const { source, target, permissions } of config.devices ?? []) {
    const info = await stat(source).catch((error: unknown) => {
      throw new GantryError("spec.invalid", `there is no device ${source} (${errnoOf(error) ?? "unknown"})`, {
        next: "check devices: in the file",
      });
    });
    if (info.isDirectory()) await addFolder(nodes, source, target, permissions);
    else if (isDevice(info)) nodes.push(nodeOf(info, target, permissions));
    else
      throw new GantryError("spec.invalid", `${source} is not a device`, {
        next: "mount files and folders with volumes:",
      });
  }
  if (config.security?.privileged === true) await addFolder(nodes, "/dev", "/dev", "rwm");
  return nodes;
}

/** Symbolic links are left out: what they lead to is there under its own name, or is none of the folder's. */
async function addFolder(
  nodes: DeviceNode[],
  folder: string,
  target: string,
  permissions: string,
): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    if (folder === "/dev" && NOT_THE_HOSTS.has(name)) continue;
    const path = join(folder, name);
    const info = await lstat(path).catch(() => undefined); // gone meanwhile
    if (info === undefined) continue;
    if (info.isDirectory()) await addFolder(nodes, path, join(target, name), permissions);
    else if (isDevice(info)) nodes.push(nodeOf(info, join(target, name), permissions));
    if (nodes.length > MOST_DEVICES)
      throw new GantryError("limit.unsupported", `more than ${MOST_DEVICES} devices below ${folder}`);
  }
}

function isDevice(info: Stats): boolean {
  return info.isCharacterDevice() || info.isBlockDevice();
}

/** makedev(3): 12 bits of major and 20 of minor, folded into the 64 of st_rdev. */
function nodeOf({ rdev, mode, uid, gid }: Stats, path: string, permissions: string): DeviceNode {
  const number = BigInt(rdev);
  return {
    path,
    mode,
    major: Number((number >> 8n) & 0xfffn),
    minor: Number((number & 0xffn) | ((number >> 12n) & 0xfff00n)),
    uid,
    gid,
    permissions,
  };
}

const FILE_TYPE = 0o170000;
const BLOCK_DEVICE = 0o060000;

/** The rule that lets a container use a device. */
export function ruleOf({ mode, major, minor, permissions }: DeviceNode): DeviceRule {
  return { type: (mode & FILE_TYPE) === BLOCK_DEVICE ? "b" : "c", major, minor, permissions };
}
