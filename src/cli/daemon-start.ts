import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GantryError } from "../error.ts";
import type { InstancePaths } from "../host/paths.ts";
import { packageFile } from "../package-file.ts";
import { Client } from "./client.ts";
import { say, type Context } from "./context.ts";

export const DAEMON_PROGRAM = packageFile("dist/daemon/main.js");

const START_DEADLINE_MS = 60_000;
const POLL_MS = 10;
/** `sun_path` of unix(7) without its final zero. */
const MAX_SOCKET_PATH_BYTES = 107;
const TAIL_BYTES = 4096;
/** Statuses of a daemon that found another one at work (75 is EX_TEMPFAIL of sysexits.h): no failure of ours. */
const ANOTHER_RUNS = new Set<number | null>([0, 75]);

/**
 * A client of a daemon that answers. Starts one when none does, and says so on standard error.
 * Throws GantryError `permission` when that takes root, `daemon.unreachable` with the end of the daemon's log
 * when it does not come up within ten seconds.
 */
export async function connect(context: Context): Promise<Client> {
  requireShortPath(context.paths.socket);
  const client = new Client(context.paths.socket);
  if (!(await answers(client))) await startDaemon(context, client);
  return client;
}

/** Beyond the kernel's limit connecting and listening fail with EINVAL, which tells nobody anything. */
function requireShortPath(socket: string): void {
  if (Buffer.byteLength(socket) <= MAX_SOCKET_PATH_BYTES) return;
  throw new GantryError(
    "request.invalid",
    `the socket's path is too long (more than ${MAX_SOCKET_PATH_BYTES} bytes): ${socket}`,
    {
      next: "try a shorter --run FOLDER",
    },
  );
}

/** Whether a daemon answers. Throws GantryError for anything but "nobody listens". */
export async function answers(client: Client): Promise<boolean> {
  try {
    await client.text("GET", "/_ping");
    return true;
  } catch (error) {
    if (error instanceof GantryError && error.code === "daemon.unreachable") return false;
    throw error;
  }
}

/** The environment that tells a daemon which instance it is. */
export function daemonEnvironment(context: Pick<Context, "env" | "paths">): NodeJS.ProcessEnv {
  return { ...context.env, GANTRY_ROOT: context.paths.root, GANTRY_RUN: context.paths.run };
}

async function startDaemon(context: Context, client: Client): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new GantryError(
      "permission",
      `no daemon answers on ${context.paths.socket}, and starting one needs root`,
      {
        next: "needs root: try sudo gantry …",
      },
    );
  const log = join(context.paths.run, "daemon.log");
  const { child, logStart } = await spawnDaemon(context, log);
  const exit = exitOf(child);
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await answers(client))) {
    const ended = exit.status;
    if (ended !== undefined && !ANOTHER_RUNS.has(ended))
      throw await failed(`the daemon ended with status ${ended ?? "unknown"}`, log, logStart);
    if (Date.now() > deadline)
      throw await failed(`the daemon does not answer after ${START_DEADLINE_MS / 1000} s`, log, logStart);
    await delay(POLL_MS);
  }
  // Where several start one at once, only the winner's child is still there.
  if (exit.status === undefined) say(context, `started the daemon (log: ${log})`);
}

async function spawnDaemon(
  context: Context,
  log: string,
): Promise<{ readonly child: ChildProcess; readonly logStart: number }> {
  await makeRunFolder(context.paths);
  // The folder may be somebody else's choice: a link planted there must not make root append to another file.
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const file = await open(log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    const logStart = (await file.stat()).size;
    const child = spawn(process.execPath, [DAEMON_PROGRAM], {
      cwd: "/",
      detached: true,
      env: daemonEnvironment(context),
      stdio: ["ignore", file.fd, file.fd],
    });
    child.unref();
    return { child, logStart };
  } finally {
    await file.close();
  }
}

async function makeRunFolder(paths: InstancePaths): Promise<void> {
  try {
    await mkdir(paths.run, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new GantryError("permission", `cannot make ${paths.run}`, { next: "try: --run FOLDER", cause });
  }
}

/** `status` is undefined while the child runs, null when it could not be started or died of a signal. */
function exitOf(child: ChildProcess): { readonly status: number | null | undefined } {
  const exit: { status: number | null | undefined } = { status: undefined };
  child.once("exit", (code) => {
    exit.status = code;
  });
  child.once("error", () => {
    exit.status = null;
  });
  return exit;
}

async function failed(what: string, log: string, from: number): Promise<GantryError> {
  const tail = (await readTail(log, from)).trim();
  return new GantryError("daemon.unreachable", tail === "" ? what : `${what}; its log ends with:\n${tail}`, {
    next: `see ${log}, or run it in the foreground: gantry daemon`,
  });
}

/** What was written to the log since `from`, at most the last 4 KiB of it. */
async function readTail(log: string, from: number): Promise<string> {
  const file = await open(log, "r");
  try {
    const { size } = await file.stat();
    const start = Math.max(from, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.max(0, size - start)),
      0,
      size - start,
      start,
    );
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
