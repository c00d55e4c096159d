import { capabilitiesOf, hasCapability } from "./capability.ts";
import type { ContainerConfig, DeviceRule } from "./container.ts";

const node = (major: number, minor: number, permissions = "rwm"): DeviceRule => ({
  type: "c",
  major,
  minor,
  permissions,
});

/** Docker's list: any node may be made, and used are null, zero, full, random, urandom, tty and the terminals. */
const DEFAULT: readonly DeviceRule[] = [
  { type: "c", major: -1, minor: -1, permissions: "m" },
  { type: "b", major: -1, minor: -1, permissions: "m" },
  node(1, 3),
  node(1, 5),
  node(1, 7),
  node(1, 8),
  node(1, 9),
  node(5, 0),
  node(5, 2),
  node(136, -1),
];

/** With one of these a container could make or mount a device node that works. */
const DANGEROUS = ["CAP_MKNOD", "CAP_SYS_ADMIN"];

/**
 * The rules of a container's device control group; undefined where it needs none: without the capabilities to come by
 * another device node, what is in its /dev is all it has (docs/decisions/0003-no-mknod.md).
 */
export function deviceRules(
  { security, devices = [], deviceRules: own = [] }: ContainerConfig,
  nodes: readonly DeviceRule[],
): readonly DeviceRule[] | undefined {
  if (security?.privileged === true) return undefined;
  const capabilities = capabilitiesOf(security);
  const dangerous = DANGEROUS.some((name) => hasCapability(capabilities, name));
  if (!dangerous && devices.length === 0 && own.length === 0) return undefined;
  return [...DEFAULT, ...nodes, ...own];
}

/** A line for devices.allow (the kernel's cgroup-v1/devices.rst). */
export function ruleText({ type, major, minor, permissions }: DeviceRule): string {
  const number = (value: number): string => (value === -1 ? "*" : String(value));
  return `${type} ${number(major)}:${number(minor)} ${permissions}`;
}
