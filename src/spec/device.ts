import { posix } from "node:path";
import type { Device, DeviceRule } from "./project.ts";
import { InvalidValue } from "./report.ts";

/** The long form, once the schema has passed it. */
export interface DeviceMap {
  readonly source: string;
  readonly target?: string;
  readonly permissions?: string;
}

/** Numbers of a device are at most this on Linux: 12 and 20 bits (makedev(3)). */
const MAX_MAJOR = 4095;
const MAX_MINOR = 1_048_575;

/** One entry of `devices`: `/dev/fuse`, `/dev/ttyUSB0:/dev/modem`, `/dev/sda:/dev/xvda:r`, or a map. Throws InvalidValue. */
export function readDevice(entry: string | DeviceMap): Device {
  const { source, target = source, permissions = "rwm" } = typeof entry === "string" ? split(entry) : entry;
  if (!source.startsWith("/"))
    throw new InvalidValue(
      /=/.test(source)
        ? `devices of the Container Device Interface ("${source}") are not built yet`
        : `"${source}" is not an absolute path of a device`,
    );
  const place = posix.resolve("/", target);
  if (!target.startsWith("/") || !place.startsWith("/dev/"))
    throw new InvalidValue(`"${target}" is not below /dev: devices work nowhere else in a container`);
  return { source: posix.resolve("/", source), target: place, permissions: readPermissions(permissions) };
}

/** `/dev/x:r` leaves the target out; docker takes the second part for permissions when it reads as such. */
function split(text: string): DeviceMap {
  const parts = text.split(":");
  const [source = "", second, third] = parts;
  if (parts.length > 3 || parts.includes(""))
    throw new InvalidValue(`expected a device such as /dev/fuse or /dev/sda:/dev/xvda:r, got "${text}"`);
  if (second === undefined) return { source };
  if (third === undefined && /^[rwm]{1,3}$/.test(second)) return { source, permissions: second };
  return { source, target: second, ...(third === undefined ? {} : { permissions: third }) };
}

/** One entry of `device_cgroup_rules`: `c 1:3 mr`, `a *:* rwm` (cgroup v1's devices.allow). Throws InvalidValue. */
export function readDeviceRule(text: string): DeviceRule {
  const [, type, major = "", minor = "", permissions = ""] =
    /^([abc]) +(\d+|\*):(\d+|\*) +([rwm]{1,3})$/.exec(text.trim()) ?? [];
  if (type === undefined)
    throw new InvalidValue(`expected a rule such as "c 1:3 mr" or "b 8:* rmw", got "${text}"`);
  return {
    type: type as DeviceRule["type"],
    major: readNumber(major, MAX_MAJOR),
    minor: readNumber(minor, MAX_MINOR),
    permissions: readPermissions(permissions),
  };
}

function readNumber(text: string, maximum: number): number {
  if (text === "*") return -1;
  const number = Number(text);
  if (number > maximum) throw new InvalidValue(`the device number ${text} is above ${maximum}`);
  return number;
}

function readPermissions(text: string): string {
  const sorted = ["r", "w", "m"].filter((letter) => text.includes(letter)).join("");
  if (sorted.length !== text.length || sorted === "")
    throw new InvalidValue(`expected some of r, w and m as permissions, got "${text}"`);
  return sorted;
}
