import { join } from "node:path";
import type { CgroupParent } from "../host/cgroup.ts";
import { addCapabilities, addOomScore, addSeccomp } from "./compile.ts";
import type { ContainerConfig } from "./container.ts";
import { deviceRules } from "./device-rules.ts";
import { cgroupsOf } from "./limits.ts";
import { ALL_NAMESPACES, NEW, type ProcessIdentity } from "./namespaces.ts";
import { shortId } from "./places.ts";
import { PlanWriter, stringRun } from "./plan/encode.ts";
import { SLOT } from "./plan/operation.ts";
import type { TerminalSize } from "./session.ts";
import { addLastUlimits, addUlimits } from "./ulimit.ts";

const NONE = -1;
/** Slot of the container's first process. */
const TARGET = SLOT.firstFree;
/** Everything but the pid namespace, which its parent joined. */
const INSIDE = ALL_NAMESPACES & ~NEW.pids;

export interface ExecInput {
  readonly id: string;
  /** The container's first process. */
  readonly process: ProcessIdentity;
  /** As in LaunchInput. */
  readonly idBase?: number;
  readonly config: ContainerConfig;
  readonly cgroups: readonly CgroupParent[];
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly workingDir: string;
  readonly user: string;
  readonly seccomp?: Uint8Array;
  readonly terminal?: TerminalSize;
}

/** Compiles a further process inside a running container: the same namespaces, cgroups, capabilities and filter. */
export function compileExec(input: ExecInput): Uint8Array {
  const plan = new PlanWriter();
  const { config, process, idBase } = input;
  plan.add("process", TARGET, process.pid, process.startTime);
  if (input.terminal !== undefined) plan.add("terminal", input.terminal.rows, input.terminal.columns);
  if (idBase !== undefined) plan.add("ownStdio", idBase, idBase);
  // Of all namespaces only that of the pids has to be joined before the clone. The parent stays outside of the others,
  // with the power over cgroups and limits that nobody has inside.
  plan.add("join", TARGET, NEW.pids);
  plan.add("clone", 0, NONE, "", "");
  // The nodes of its devices are not read again: that they were asked for says as much.
  const rules = deviceRules(config, []);
  for (const index of cgroupsOf(config.limits, input.cgroups, { devices: rules !== undefined }))
    plan.add("writePid", SLOT.firstCgroup + index, join(shortId(input.id), "cgroup.procs"));
  addOomScore(plan, config);
  addUlimits(plan, config.ulimits);
  plan.add("signal").add("child").add("wait");
  plan.add("join", TARGET, INSIDE | (idBase === undefined ? 0 : NEW.user));
  if (idBase !== undefined) plan.add("become", 0, 0);
  plan.add("umask", 0o022);
  plan.add("chdir", input.workingDir, 0);
  addSeccomp(plan, input.seccomp, config.security);
  plan.add("user", input.user, (config.groups ?? []).join(","));
  addCapabilities(plan, config.security);
  addLastUlimits(plan, config.ulimits);
  plan.add("exec", stringRun(input.command), stringRun(input.environment));
  return plan.bytes();
}
