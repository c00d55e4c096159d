import { join } from "node:path";
import type { CgroupParent } from "../host/cgroup.ts";
import type { LaunchInput } from "./compile.ts";
import type { DeviceRule } from "./container.ts";
import { deviceProgram } from "./device-program.ts";
import { ruleText } from "./device-rules.ts";
import { limitWrites } from "./limits.ts";
import { shortId } from "./places.ts";
import type { PlanWriter } from "./plan/encode.ts";
import { SLOT } from "./plan/operation.ts";

const O_PATH = 0o10000000;

/** For a v2 hierarchy the container's cgroup must be open for the clone: it takes the slot after the parents. */
export function cgroupSlot(parents: readonly CgroupParent[], parent: number): number {
  return SLOT.firstCgroup + parents.length + parent;
}

/** Makes the container's cgroups below these parents, with their limits and, where there are rules, the devices it may use. */
export function addCgroups(
  plan: PlanWriter,
  { id, config, cgroups }: LaunchInput,
  own: readonly number[],
  rules: readonly DeviceRule[] | undefined,
): void {
  const name = shortId(id);
  for (const index of own) {
    const parent = cgroups[index];
    if (parent === undefined) continue;
    const { version, controllers } = parent;
    const slot = SLOT.firstCgroup + index;
    plan.add("mkdir", slot, name, 0o755, 1);
    if (version === 2) plan.add("open", cgroupSlot(cgroups, index), slot, name, O_PATH);
    if (controllers.includes("memory"))
      plan.add("oomFile", slot, join(name, version === 2 ? "memory.events" : "memory.oom_control"));
  }
  for (const { parent, file, value } of limitWrites(config.limits, cgroups, { fresh: true }))
    plan.add("write", SLOT.firstCgroup + parent, join(name, file), value);
  if (rules !== undefined) addDeviceRules(plan, name, cgroups, rules);
}

function addDeviceRules(
  plan: PlanWriter,
  name: string,
  cgroups: readonly CgroupParent[],
  rules: readonly DeviceRule[],
): void {
  const controller = cgroups.findIndex(({ controllers }) => controllers.includes("devices"));
  if (controller < 0) {
    const unified = cgroups.findIndex(({ version }) => version === 2);
    plan.add("deviceFilter", SLOT.firstCgroup + unified, name, deviceProgram(rules));
    return;
  }
  const slot = SLOT.firstCgroup + controller;
  plan.add("write", slot, join(name, "devices.deny"), "a");
  for (const rule of rules) plan.add("write", slot, join(name, "devices.allow"), ruleText(rule));
}

/** Once the container is gone. In a pid namespace that is not its own, its processes have outlived the first. */
export function removeCgroups(plan: PlanWriter, { id, config, cgroups }: LaunchInput): void {
  const name = shortId(id);
  if (config.namespaces?.pid !== undefined && cgroups.length > 0)
    plan.add("killAll", SLOT.firstCgroup, join(name, "cgroup.procs"));
  for (const [index] of cgroups.entries()) plan.add("rmdir", SLOT.firstCgroup + index, name);
}
