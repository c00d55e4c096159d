import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { errnoName } from "../host/errno.ts";
import { programPath } from "../host/programs.ts";
import { decodeFailure, type PlanFailure } from "../runtime/frames.ts";
import { OciError } from "./oci-error.ts";

const FAILURE_BYTES = 168;

export interface Launch {
  readonly plan: Uint8Array;
  /** The container's state folder. */
  readonly folder: string;
  /** So many descriptors from 3 on go to the process. */
  readonly preserveFds: number;
  /** Wait for it: with its terminal on ours, or plainly. */
  readonly foreground: "no" | "plain" | "terminal";
}

export interface Launched {
  readonly pid: number;
  /** Of native/oneshot.c, which exits as the process does where it waits for it. */
  readonly status: Promise<number>;
}

/** What OciError is to be made of a plan that stopped. */
export type Explain = (failure: PlanFailure) => OciError;

/**
 * Carries out a plan with this process's standard streams, which the process that comes of it keeps. Throws what
 * `explain` makes of a failure.
 */
export async function launch(
  { plan, folder, preserveFds, foreground }: Launch,
  explain: Explain,
): Promise<Launched> {
  const file = join(folder, `plan.${process.pid}`);
  writeFileSync(file, plan, { mode: 0o600 });
  const input = openSync(file, "r");
  rmSync(file);
  const mode = { no: "0", plain: "1", terminal: "2" }[foreground];
  const preserved = Array.from({ length: preserveFds }, (_, index) => 3 + index);
  const child = spawn(programPath("gantry-oneshot"), [folder, String(preserveFds), mode], {
    stdio: [0, 1, 2, ...preserved, input, "pipe"],
    env: {},
  });
  closeSync(input);
  if (foreground !== "no") passSignals(child.pid ?? 0);
  const status = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  status.catch(() => undefined); // told of below, where nothing has been launched
  const [answer] = await Promise.all([
    readAnswer(child.stdio[4 + preserveFds] as Readable),
    foreground === "no" ? status : undefined,
  ]);
  if (answer.length < 8) {
    // A descriptor to preserve that is not there, or the program itself is not.
    const code = await status.catch((error: Error) => error.message);
    throw new OciError(`unable to start container process: the launcher went away (${code})`);
  }
  if (answer.readUInt32LE(0) !== 0) {
    await status;
    throw explain(decodeFailure(answer.subarray(4)));
  }
  return { pid: answer.readUInt32LE(4), status };
}

async function readAnswer(stream: Readable): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    if (bytes.length >= 8 && (bytes.readUInt32LE(0) === 0 || bytes.length >= 4 + FAILURE_BYTES)) break;
  }
  return bytes;
}

/** Those sent to us alone; what a terminal sends to its whole group the child has by itself. */
function passSignals(pid: number): void {
  for (const name of ["SIGHUP", "SIGTERM", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT"] as const)
    process.on(name, () => process.kill(pid, name));
  process.on("SIGINT", () => {
    if (!process.stdin.isTTY) process.kill(pid, "SIGINT");
  });
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EINVAL: "invalid argument",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  EBUSY: "device or resource busy",
  ENOEXEC: "exec format error",
  ECONNREFUSED: "connection refused",
  EEXIST: "file exists",
  EROFS: "read-only file system",
  ELOOP: "too many levels of symbolic links",
  ENODEV: "no such device",
  ESRCH: "no such process",
};

/** What a plan's failure means, in runc's words where its callers look for them. */
export function explainFailure(failure: PlanFailure, listener?: string): OciError {
  const name = errnoName(failure.errno);
  const why = WORDS[name] ?? name;
  const [operation = "", ...words] = failure.about.split(" ");
  const subject = words.join(" ");
  const start = (text: string): OciError => new OciError(`unable to start container process: ${text}`);
  if (operation === "find" || operation === "exec") {
    if (operation === "find" && name === "ENOENT" && !subject.includes("/"))
      return start(`exec: "${subject}": executable file not found in $PATH`);
    return start(`exec: "${subject}": ${operation === "find" ? "stat " : ""}${subject}: ${why}`);
  }
  if (operation === "hook") return start(`error running hook ${subject}`);
  if (operation === "connect" && subject === listener)
    return start(
      `failed to connect with seccomp agent specified in the seccomp profile: dial unix ${subject}: ${why}`,
    );
  if (operation === "connect") return start(`dial unix ${subject}: ${why}`);
  if (operation === "mount" && (name === "ENOTDIR" || name === "ELOOP"))
    return start(
      `error mounting to rootfs at "${subject}": it must be mounted on ordinary directory: ${why}`,
    );
  if (operation === "mount" || operation === "attach-as")
    return start(`error during container init: error mounting to rootfs at "${subject}": ${why}`);
  if (operation === "write-pid") return start(`error adding pid to cgroups: /${subject}: ${why}`);
  if (operation === "write" && subject.startsWith("sys/"))
    return start(`error during container init: open /proc/${subject}: ${why}`);
  if (operation === "chdir")
    return start(
      `error during container init: chdir to cwd ("${subject}") set in config.json failed: ${why}`,
    );
  return start(`error during container init: ${failure.about.trim()}: ${why}`);
}
