import { signalNumber } from "../../runtime/signal.ts";
import { pidsIn } from "../cgroup-folders.ts";
import { isSet, type Parsed } from "../command-line.ts";
import { OciError } from "../oci-error.ts";
import { readState, statusOf } from "../state-folder.ts";
import type { Globals } from "../verbs.ts";
import { send } from "./delete.ts";

/** `kill ID [SIGNAL]`: SIGTERM when none is named; with --all to every process, be the first one gone or not. */
export async function kill({ root }: Globals, parsed: Parsed): Promise<number> {
  const [id = "", name = "SIGTERM"] = parsed.words;
  const state = readState(root, id);
  const signal = numberOfSignal(name);
  if (isSet(parsed, "all")) {
    for (const pid of pidsIn(state.cgroups)) send(pid, signal);
    return 0;
  }
  const status = statusOf(root, state);
  if (status === "stopped" || status === "creating") throw new OciError("container not running");
  send(state.pid, signal);
  return 0;
}

/** 0 asks whether there is somebody. */
function numberOfSignal(name: string): number {
  if (name === "0") return 0;
  try {
    return signalNumber(name);
  } catch {
    throw new OciError(`unknown signal "${name}"`);
  }
}
