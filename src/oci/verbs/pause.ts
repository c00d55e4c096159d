import { setFrozen } from "../cgroup-folders.ts";
import type { Parsed } from "../command-line.ts";
import { OciError } from "../oci-error.ts";
import { readState, statusOf } from "../state-folder.ts";
import type { Globals } from "../verbs.ts";

/** `pause ID` */
export async function pause({ root }: Globals, parsed: Parsed): Promise<number> {
  const state = readState(root, parsed.words[0] ?? "");
  const status = statusOf(root, state);
  if (status !== "running" && status !== "created") throw new OciError("container not running or created");
  setFrozen(state.cgroups, true);
  return 0;
}

/** `resume ID` */
export async function resume({ root }: Globals, parsed: Parsed): Promise<number> {
  const state = readState(root, parsed.words[0] ?? "");
  if (statusOf(root, state) !== "paused") throw new OciError("container not paused");
  setFrozen(state.cgroups, false);
  return 0;
}
