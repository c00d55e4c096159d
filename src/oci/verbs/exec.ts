import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isCapability, capabilityMask } from "../../runtime/capability.ts";
import { type Bundle, type BundleProcess, parseBundle, parseJson, parseProcess } from "../bundle.ts";
import { type CgroupFolder, ownPath, readIfThere } from "../cgroup-folders.ts";
import { isSet, numberOf, type Parsed, valueOf } from "../command-line.ts";
import { compileExec } from "../exec-plan.ts";
import { Fields } from "../fields.ts";
import { compileFilter } from "../filter.ts";
import { debug } from "../log.ts";
import { OciError } from "../oci-error.ts";
import { explainFailure, launch } from "../oneshot.ts";
import { checkRlimits } from "../rlimits.ts";
import { type ContainerState, publicState, readState, statusOf } from "../state-folder.ts";
import { validateProcess } from "../validate.ts";
import type { Globals } from "../verbs.ts";
import { consoleOf, writePidFile } from "./create.ts";

/** `exec ID COMMAND...`: a further process inside. Its status, or 255 when it never was. */
export async function exec({ root }: Globals, parsed: Parsed): Promise<number> {
  const [id = "", ...args] = parsed.words;
  const state = readState(root, id);
  const status = statusOf(root, state);
  if (status === "stopped" || status === "creating") throw new OciError("cannot exec in a stopped container");
  if (status === "paused" && !isSet(parsed, "ignore-paused"))
    throw new OciError("cannot exec in a paused container (use --ignore-paused to override)");
  const bundle = parseBundle(state.config);
  const process = processOf(parsed, args, bundle);
  validateProcess(process);
  checkRlimits(process.rlimits);
  const detach = isSet(parsed, "detach");
  const console = consoleOf(parsed, process.terminal, detach);
  const filter =
    bundle.seccomp === undefined
      ? undefined
      : compileFilter(bundle.seccomp, capabilityMask(process.capabilities.bounding));
  const launched = await launch(
    {
      plan: compileExec({
        state,
        bundle,
        process,
        cgroups: cgroupsOf(state, parsed.flags.get("cgroup") ?? []),
        filter,
        publicState: publicState(state, status),
        console,
      }),
      folder: join(root, id),
      preserveFds: numberOf(parsed, "preserve-fds") ?? 0,
      foreground: detach ? "no" : console === "foreground" ? "terminal" : "plain",
    },
    (failure) => explainFailure(failure, filter?.listener?.path),
  );
  debug("nsexec container setup");
  debug("child process in init()");
  debug("setns_init: about to exec");
  try {
    writePidFile(valueOf(parsed, "pid-file"), launched.pid);
  } catch (error) {
    globalThis.process.kill(launched.pid, "SIGKILL");
    throw error;
  }
  return detach ? 0 : await launched.status;
}

/** A process.json as it stands, or the container's own process with what the flags change. Throws OciError. */
function processOf(parsed: Parsed, args: readonly string[], bundle: Bundle): BundleProcess {
  const file = valueOf(parsed, "process");
  if (file !== undefined) {
    return parseProcess(new Fields(parseJson(readFileSync(file, "utf8")), "process"));
  }
  const { process: own } = bundle;
  if (own === undefined) throw new OciError("process property must not be empty");
  if (args.length === 0) throw new OciError("process args cannot be empty");
  const [uid = own.uid, gid = own.gid] = userOf(valueOf(parsed, "user"));
  const added = parsed.flags.get("cap") ?? [];
  const unknown = added.find((name) => !isCapability(name));
  if (unknown !== undefined) throw new OciError(`unknown capability "${unknown}"`);
  const sets = ["bounding", "effective", "permitted", "inheritable"] as const;
  const capabilities = {
    ...own.capabilities,
    ...Object.fromEntries(sets.map((set) => [set, [...own.capabilities[set], ...added]])),
  };
  return {
    ...own,
    args,
    uid,
    gid,
    capabilities,
    terminal: isSet(parsed, "tty"),
    rows: 0,
    columns: 0,
    cwd: valueOf(parsed, "cwd") ?? own.cwd,
    env: [...own.env, ...(parsed.flags.get("env") ?? [])],
    noNewPrivileges: isSet(parsed, "no-new-privs") || own.noNewPrivileges,
    additionalGids: [...own.additionalGids, ...(parsed.flags.get("additional-gids") ?? []).map(Number)],
  };
}

function userOf(text: string | undefined): readonly [uid?: number, gid?: number] {
  if (text === undefined) return [];
  const [, uid, , gid] = /^(\d{1,10})(:(\d{1,10}))?$/.exec(text) ?? [];
  if (uid === undefined) throw new OciError(`parsing user "${text}" failed: numbers are needed`);
  return gid === undefined ? [Number(uid)] : [Number(uid), Number(gid)];
}

/** `--cgroup PATH` or `--cgroup CONTROLLER[,CONTROLLER]:PATH`, below the container's own. Throws OciError. */
function cgroupsOf({ cgroups, pid }: ContainerState, wanted: readonly string[]): readonly string[] {
  const below = new Map<CgroupFolder, string>();
  for (const text of wanted) {
    const colon = text.indexOf(":");
    const path = text.slice(colon + 1);
    const names = colon < 0 ? undefined : text.slice(0, colon).split(",");
    for (const name of names ?? [])
      if (!cgroups.some(({ version, controllers }) => version === 1 && controllers.includes(name)))
        throw new OciError(`unknown controller ${name} in --cgroup ${text}`);
    if (join("/", path) !== join("/", path.replaceAll("..", "x")))
      throw new OciError(`bad --cgroup: ${path} is not a sub cgroup path`);
    for (const folder of cgroups)
      if (names === undefined || names.some((name) => folder.controllers.includes(name)))
        below.set(folder, path);
  }
  return cgroups.map((folder) => {
    const path = below.get(folder);
    const full = path === undefined ? withItsFirst(folder, pid) : join(folder.path, path);
    if (!existsSync(full))
      throw new OciError(`error adding pid 0 to cgroups: ${full}/cgroup.procs: no such file or directory`);
    return full;
  });
}

/** On v2 a group that passes controllers on holds no processes: the first one has moved further down then. */
function withItsFirst(folder: CgroupFolder, pid: number): string {
  if (folder.version === 1 || readIfThere(join(folder.path, "cgroup.subtree_control")).trim() === "")
    return folder.path;
  const there = join(folder.mount, ownPath(readIfThere(`/proc/${pid}/cgroup`), folder));
  return there.startsWith(`${folder.path}/`) ? there : folder.path;
}
