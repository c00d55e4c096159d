import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { capabilityMask } from "../../runtime/capability.ts";
import { deviceProgram } from "../../runtime/device-program.ts";
import { type Bundle, parseBundle, readConfig } from "../bundle.ts";
import {
  type CgroupFolder,
  cgroupFolders,
  folderOf,
  isFrozen,
  isFolder,
  makeCgroupFolders,
  pidsIn,
  removeCgroupFolders,
} from "../cgroup-folders.ts";
import { isSet, numberOf, type Parsed, valueOf } from "../command-line.ts";
import { compileCreate, type Console, type CreateInput } from "../create-plan.ts";
import { accessRules, allowedOnly, writeAccessRules } from "../device-access.ts";
import { Fields } from "../fields.ts";
import { compileFilter } from "../filter.ts";
import { debug, warn } from "../log.ts";
import { checkRootfs } from "../mounts.ts";
import { OciError } from "../oci-error.ts";
import { explainFailure, launch, type Launched } from "../oneshot.ts";
import { applyResources } from "../resources.ts";
import { checkRlimits } from "../rlimits.ts";
import {
  type ContainerState,
  makeStateFolder,
  publicState,
  removeStateFolder,
  replace,
  startTimeOf,
  writeState,
} from "../state-folder.ts";
import { validateBundle, validateProcess } from "../validate.ts";
import type { Globals } from "../verbs.ts";
import { destroy, send } from "./delete.ts";
import { startContainer } from "./start.ts";

interface Made {
  readonly state: ContainerState;
  readonly launched: Launched;
}

/** `create ID`: everything up to the program itself, which `start` lets go. */
export async function create(globals: Globals, parsed: Parsed): Promise<number> {
  await make(globals, parsed, true);
  return 0;
}

/** `run ID`: create and start, and, unless detached, wait for it and delete it. */
export async function run(globals: Globals, parsed: Parsed): Promise<number> {
  const detach = isSet(parsed, "detach");
  const { state, launched } = await make(globals, parsed, detach);
  try {
    await startContainer(globals.root, state);
  } catch (error) {
    destroy(globals.root, state);
    throw error;
  }
  if (detach) return 0;
  const status = await launched.status;
  if (!isSet(parsed, "keep")) destroy(globals.root, state);
  return status;
}

async function make({ root }: Globals, parsed: Parsed, detached: boolean): Promise<Made> {
  const [id = ""] = parsed.words;
  const bundleFolder = resolve(valueOf(parsed, "bundle") ?? ".");
  const config = readConfig(join(bundleFolder, "config.json"));
  const bundle = parseBundle(config);
  const { process: first } = bundle;
  if (first === undefined) throw new OciError("process property must not be empty");
  validateProcess(first);
  validateBundle(bundle);
  checkRlimits(first.rlimits);
  const rootfs = resolve(bundleFolder, bundle.root.path);
  checkRootfs(rootfs);
  const console = consoleOf(parsed, first.terminal, detached);
  const filter =
    bundle.seccomp === undefined
      ? undefined
      : compileFilter(bundle.seccomp, capabilityMask(first.capabilities.bounding));
  const folder = makeStateFolder(root, id);
  const state: ContainerState = {
    ociVersion: bundle.ociVersion,
    id,
    pid: 0,
    startTime: 0,
    bundle: bundleFolder,
    rootfs,
    created: new Date().toISOString(),
    owner: userInfo().username,
    annotations: bundle.annotations,
    cgroups: cgroupFolders(bundle.cgroupsPath, id),
    config,
  };
  let made: readonly CgroupFolder[] = [];
  try {
    made = checkCgroups(state.cgroups);
    // Before there is anything else: what is made from here on can be found and deleted, whoever is killed.
    writeState(folder, state);
    const access = limit(state.cgroups, bundle);
    const plan = compileCreate({
      bundle,
      process: first,
      bundleFolder,
      rootfs,
      cgroups: state.cgroups,
      access,
      filter,
      state: publicState(state, "creating"),
      console,
      noPivot: isSet(parsed, "no-pivot"),
    });
    const launched = await launch(
      {
        plan,
        folder,
        preserveFds: numberOf(parsed, "preserve-fds") ?? 0,
        foreground: detached ? "no" : console === "foreground" ? "terminal" : "plain",
      },
      (failure) => explainFailure(failure, filter?.listener?.path),
    );
    debug("nsexec container setup");
    debug("child process in init()");
    debug("init: closing the pipe to signal completion");
    const created = { ...state, pid: launched.pid, startTime: startTimeOf(launched.pid) };
    writeState(folder, created);
    writePidFile(valueOf(parsed, "pid-file"), launched.pid);
    return { state: created, launched };
  } catch (error) {
    for (const pid of pidsIn(made)) send(pid, "SIGKILL");
    removeCgroupFolders(made);
    removeStateFolder(folder);
    throw error;
  }
}

/** Makes the cgroups with their limits; on v2 the program that decides over devices is left to the plan. */
function limit(cgroups: readonly CgroupFolder[], bundle: Bundle): CreateInput["access"] {
  makeCgroupFolders(cgroups);
  const resources = bundle.resources ?? new Fields({}, "linux.resources");
  applyResources(cgroups, resources);
  const rules = accessRules(bundle.resources);
  const unified = cgroups.find(({ version }) => version === 2);
  if (folderOf(cgroups, "devices") !== undefined) writeAccessRules(cgroups, rules);
  else if (unified !== undefined) return { path: unified.path, program: deviceProgram(allowedOnly(rules)) };
  return undefined;
}

/** Those that are not there yet, and so are the container's alone. Throws OciError where nothing could run. */
function checkCgroups(cgroups: readonly CgroupFolder[]): readonly CgroupFolder[] {
  const there = cgroups.filter(({ path }) => isFolder(path));
  const foreign = there.filter(({ path, mount }) => path !== mount);
  if (isFrozen(foreign)) throw new OciError("container's cgroup unexpectedly frozen");
  const count = pidsIn(foreign).length;
  if (count > 0) warn(`container's cgroup is not empty: ${count} process(es) found`);
  return cgroups.filter((folder) => !there.includes(folder));
}

/** Where the terminal goes, if there is one. Throws OciError for flags that do not fit. */
export function consoleOf(parsed: Parsed, terminal: boolean, detached: boolean): Console {
  const socket = valueOf(parsed, "console-socket");
  if (terminal && detached && socket === undefined)
    throw new OciError("cannot allocate tty if runc will detach without setting console socket");
  if (socket !== undefined && !(terminal && detached))
    throw new OciError("cannot use console socket if runc will not detach or allocate tty");
  if (!terminal) return undefined;
  return socket === undefined ? "foreground" : { socket: resolve(socket) };
}

/** Whole or not at all, as whoever waits for it reads it at once. */
export function writePidFile(path: string | undefined, pid: number): void {
  if (path === undefined) return;
  replace(path, String(pid));
}
