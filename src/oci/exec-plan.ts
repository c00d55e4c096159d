import { join } from "node:path";
import { NEW } from "../runtime/namespaces.ts";
import { PlanWriter } from "../runtime/plan/encode.ts";
import type { Bundle, BundleProcess } from "./bundle.ts";
import { addProcess, type Console, ONESHOT, pathOf, takeConsole } from "./create-plan.ts";
import { addListener, type Filter } from "./filter.ts";
import { NAMESPACE_FLAGS } from "./namespaces.ts";
import { addRlimits } from "./rlimits.ts";
import type { ContainerState } from "./state-folder.ts";

const NONE = -1;
const TARGET = ONESHOT.firstFree;

export interface ExecInput {
  readonly state: ContainerState;
  readonly bundle: Bundle;
  readonly process: BundleProcess;
  /** Absolute folders of the cgroups to be in. */
  readonly cgroups: readonly string[];
  readonly filter: Filter | undefined;
  /** For whoever answers for the filter. */
  readonly publicState: Readonly<Record<string, unknown>>;
  readonly console: Console;
}

/** Compiles a further process of a container: the namespaces of its first one, whoever that has made them. */
export function compileExec(input: ExecInput): Uint8Array {
  const plan = new PlanWriter();
  const { state, bundle, process } = input;
  let slot = TARGET + 1;
  plan.add("process", TARGET, state.pid, state.startTime);
  const console = takeConsole(plan, input, () => slot++);
  addListener(plan, input.filter);
  const flags = bundle.namespaces.reduce((all, { type }) => all | (NAMESPACE_FLAGS[type] ?? 0), 0);
  const pids = (flags & NEW.pids) !== 0;
  if (pids) plan.add("join", TARGET, NEW.pids);
  plan.add("clone", 0, NONE, "", "");
  for (const path of input.cgroups)
    plan.add("writePid", ONESHOT.hostRoot, join(path, "cgroup.procs").slice(1));
  if (process.oomScoreAdj !== undefined) plan.add("writeOf", "oom_score_adj", String(process.oomScoreAdj));
  addRlimits(plan, process.rlimits);
  plan.add("signal").add("child").add("wait");
  plan.add("join", TARGET, flags & ~NEW.pids);
  if ((flags & NEW.user) !== 0) plan.add("become", 0, 0);
  plan.add("umask", 0o022);
  if (console !== undefined) plan.add("console", console, process.rows, process.columns);
  plan.add("chdir", process.cwd, 0);
  plan.add("find", process.args[0] ?? "", pathOf(process.env));
  addProcess(plan, process, input.filter, input.publicState, () => undefined);
  return plan.bytes();
}
