import { parseBundle } from "../bundle.ts";
import { isFrozen, pause, pidsIn, removeCgroupFolders, setFrozen } from "../cgroup-folders.ts";
import { isSet, type Parsed } from "../command-line.ts";
import { runHook } from "../hooks.ts";
import { warn } from "../log.ts";
import { makesNamespace } from "../namespaces.ts";
import { NoSuchContainer, OciError } from "../oci-error.ts";
import {
  type ContainerState,
  folderOfContainer,
  isAlive,
  publicState,
  readState,
  removeStateFolder,
  statusOf,
} from "../state-folder.ts";
import type { Globals } from "../verbs.ts";

const LOOKS = 1000;
const REST_MS = 10;

/** `delete ID`: with --force a running one too, and one that is not there. */
export async function deleteContainer({ root }: Globals, parsed: Parsed): Promise<number> {
  const [id = ""] = parsed.words;
  const force = isSet(parsed, "force");
  let state: ContainerState;
  try {
    state = readState(root, id);
  } catch (error) {
    if (!(error instanceof NoSuchContainer)) throw error;
    if (!force) throw error;
    // What is left of one that never came to be.
    removeStateFolder(folderOfContainer(root, id));
    return 0;
  }
  const status = statusOf(root, state);
  if (!force && status !== "stopped" && status !== "creating")
    throw new OciError(`cannot delete container ${id} that is not stopped: ${status}`);
  destroy(root, state);
  return 0;
}

/** Ends what still runs, removes the cgroups, runs the poststop hooks, and forgets the container. */
export function destroy(root: string, state: ContainerState): void {
  killAll(state);
  try {
    removeCgroupFolders(state.cgroups);
  } catch (error) {
    // Others are in them, who were given the same path.
    warn(
      `cannot remove the cgroups of ${state.id}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  for (const hook of hooksOf(state)) {
    try {
      runHook(hook, publicState(state, "stopped"));
    } catch (error) {
      warn(error instanceof Error ? error.message : String(error));
    }
  }
  removeStateFolder(folderOfContainer(root, state.id));
}

/**
 * The end of the first process of a pid namespace is that of all others. Where there is none, or where nobody knows the
 * first process since who made it was killed, the cgroups say what there is.
 */
function killAll(state: ContainerState): void {
  const top = state.cgroups.some(({ path, mount }) => path === mount);
  const byCgroup = !top && (state.pid === 0 || !makesNamespace(parseBundle(state.config), "pid"));
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const ownPids = byCgroup ? pidsIn(state.cgroups) : [];
    const pids = isAlive(state) ? [state.pid, ...ownPids] : ownPids;
    if (pids.length === 0) return;
    for (const pid of pids) send(pid, "SIGKILL");
    if (isFrozen(state.cgroups)) setFrozen(state.cgroups, false);
    pause(REST_MS);
  }
  throw new OciError(`container ${state.id} cannot be killed`);
}

/** One that ended meanwhile needs no signal. */
export function send(pid: number, signal: string | number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function hooksOf({ config }: ContainerState): ReturnType<typeof parseBundle>["hooks"]["poststop"] {
  return parseBundle(config).hooks.poststop;
}
