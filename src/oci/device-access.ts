import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeviceRule } from "../runtime/container.ts";
import { ruleText } from "../runtime/device-rules.ts";
import { type CgroupFolder, folderOf } from "./cgroup-folders.ts";
import type { Fields } from "./fields.ts";
import { OciError } from "./oci-error.ts";

/** A rule of `linux.resources.devices`: later ones win. */
export interface AccessRule extends DeviceRule {
  readonly allow: boolean;
}

const character = (major: number, minor: number, permissions = "rwm"): AccessRule => ({
  allow: true,
  type: "c",
  major,
  minor,
  permissions,
});

/** config-linux.md "Default Devices", the terminals, and the making of any node. */
const DEFAULT: readonly AccessRule[] = [
  character(-1, -1, "m"),
  { allow: true, type: "b", major: -1, minor: -1, permissions: "m" },
  character(1, 3),
  character(1, 8),
  character(1, 7),
  character(5, 0),
  character(1, 5),
  character(1, 9),
  character(136, -1),
  character(5, 2),
];

/** Pure: nothing is allowed, then what the bundle says, then what every container needs. Throws OciError. */
export function accessRules(resources: Fields | undefined): readonly AccessRule[] {
  const own = resources?.fieldsList("devices").map((rule): AccessRule => {
    const type = rule.text("type") || "a";
    if (type !== "a" && type !== "b" && type !== "c")
      throw new OciError(`invalid device type "${type}" in ${rule.path}`);
    // Letters that are none count for nothing, as with runc.
    const permissions = rule.text("access").replace(/[^rwm]/g, "");
    const number = (name: string): number => rule.number(name) ?? -1;
    return { allow: rule.flag("allow"), type, major: number("major"), minor: number("minor"), permissions };
  });
  return [...(own ?? []), ...DEFAULT];
}

/** On v1 the kernel keeps the list itself. */
export function writeAccessRules(folders: readonly CgroupFolder[], rules: readonly AccessRule[]): void {
  const folder = folderOf(folders, "devices");
  if (folder === undefined) return;
  writeFileSync(join(folder.path, "devices.deny"), "a");
  for (const rule of rules) {
    const whole = rule.type === "a" && rule.major === -1 && rule.minor === -1;
    if (rule.permissions === "") continue;
    writeFileSync(
      join(folder.path, rule.allow ? "devices.allow" : "devices.deny"),
      whole ? "a" : ruleText(rule),
    );
  }
}

/**
 * Pure: the rules that remain when later ones win, for a program that only knows what is allowed (v2). Throws OciError
 * where a denial would cut a hole into a wider rule, which such a list cannot say.
 */
export function allowedOnly(rules: readonly AccessRule[]): readonly DeviceRule[] {
  let allowed: DeviceRule[] = [];
  for (const rule of rules) {
    const whole = rule.type === "a" && rule.major === -1 && rule.minor === -1;
    if (whole) allowed = rule.allow ? [{ ...rule, permissions: "rwm" }] : [];
    else if (rule.allow) allowed.push(rule);
    else
      allowed = allowed.flatMap((one) => {
        if (one.type !== rule.type && one.type !== "a") return [one];
        if (one.type === rule.type && one.major === rule.major && one.minor === rule.minor) {
          const left = one.permissions.replace(new RegExp(`[${rule.permissions}]`, "g"), "");
          return left === "" ? [] : [{ ...one, permissions: left }];
        }
        const meets = (mine: number, theirs: number): boolean =>
          mine === -1 || theirs === -1 || mine === theirs;
        if (one.type === "a" || (meets(one.major, rule.major) && meets(one.minor, rule.minor)))
          throw new OciError(`cannot deny ${ruleText(rule)} out of ${ruleText(one)} on cgroup v2`);
        return [one];
      });
  }
  return allowed;
}
