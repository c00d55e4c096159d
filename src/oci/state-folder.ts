import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../host/errno.ts";
import { type CgroupFolder, isFrozen, readIfThere } from "./cgroup-folders.ts";
import { NoSuchContainer, OciError } from "./oci-error.ts";

/** What is kept of a container until it is deleted: one file, replaced atomically. */
export interface ContainerState {
  readonly ociVersion: string;
  readonly id: string;
  /** Of the first process; 0 while it is being made. */
  readonly pid: number;
  /** Clock ticks since boot, proc_pid_stat(5) field 22: with the pid it names a process for good. */
  readonly startTime: number;
  readonly bundle: string;
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  readonly owner: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cgroups: readonly CgroupFolder[];
  /** config.json as it was when the container was created. */
  readonly config: unknown;
}

export type Status = "creating" | "created" | "running" | "paused" | "stopped";

const STATE_FILE = "state.json";
/** The first process of a created container waits on it, see native/start.c. */
export const START_SOCKET = "start.sock";

export function folderOfContainer(root: string, id: string): string {
  checkId(id);
  return join(root, id);
}

function checkId(id: string): void {
  if (id === "") throw new OciError("container id cannot be empty");
  if (!/^[\w+\-.]+$/.test(id) || id === "." || id === "..") throw new OciError("invalid id format");
}

/** Takes the id: of two at once one wins. Throws OciError. */
export function makeStateFolder(root: string, id: string): string {
  checkId(id);
  mkdirSync(root, { recursive: true, mode: 0o711 });
  try {
    mkdirSync(join(root, id), { mode: 0o711 });
  } catch (error) {
    if (errnoOf(error) === "EEXIST") throw new OciError("container with given ID already exists");
    throw error;
  }
  return join(root, id);
}

export function writeState(folder: string, state: ContainerState): void {
  replace(join(folder, STATE_FILE), `${JSON.stringify(state)}\n`);
}

/** A file of which others see the whole or nothing. */
export function replace(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o644 });
  renameSync(temporary, path);
}

/** Throws NoSuchContainer. */
export function readState(root: string, id: string): ContainerState {
  const path = join(folderOfContainer(root, id), STATE_FILE);
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ContainerState;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") throw new NoSuchContainer();
    throw error;
  }
}

export function removeStateFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Ids in order; folders of something else are passed over. */
export function containerIds(root: string): readonly string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((id) => existsSync(join(root, id, STATE_FILE)))
    .sort();
}

/** What proc_pid_stat(5) says of a process: field 22, and whether it still does anything. 0: there is none. */
export function startTimeOf(pid: number): number {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === "" || state === "Z" || state === "X") return 0;
  return Number(fields[18]);
}

/** Whether the first process is there, be it under another's pid by now. */
export function isAlive({ pid, startTime }: ContainerState): boolean {
  return pid > 0 && startTimeOf(pid) === startTime;
}

export function statusOf(root: string, state: ContainerState): Status {
  if (state.pid === 0) return "creating";
  if (!isAlive(state)) return "stopped";
  if (isFrozen(state.cgroups)) return "paused";
  return isWaiting(root, state) ? "created" : "running";
}

/** It is our own program until it is started; the socket's name alone would outlive a start that was cut short. */
function isWaiting(root: string, { id, pid }: ContainerState): boolean {
  if (!existsSync(join(root, id, START_SOCKET))) return false;
  try {
    return readlinkSync(`/proc/${pid}/exe`).startsWith("/memfd:gantry-launcher");
  } catch {
    return true;
  }
}

/** The state of runtime.md "State", for `state` and for hooks. */
export function publicState(state: ContainerState, status: Status): Record<string, unknown> {
  return {
    ociVersion: state.ociVersion,
    id: state.id,
    status,
    ...(status === "stopped" || state.pid === 0 ? {} : { pid: state.pid }),
    bundle: state.bundle,
    ...(Object.keys(state.annotations).length === 0 ? {} : { annotations: state.annotations }),
  };
}
