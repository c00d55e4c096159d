import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GantryError } from "../../error.ts";
import { errnoOf } from "../../host/errno.ts";
import { packageFile } from "../../package-file.ts";
import { LineClient } from "./line-client.ts";
import { NAMES_VERSION } from "./zone.ts";

const PROGRAM = packageFile("dist/net/names/main.js");
const PATIENCE_MS = 20_000;
const POLL_MS = 5;
/** A table of names is small: the heap may not grow to what node takes for a server. */
const FLAGS = ["--max-old-space-size=96", "--max-semi-space-size=1"];

/** Connects to the instance's name responder; starts it, in a session of its own, when none answers. Throws kernel. */
export async function connectOrStart(run: string): Promise<LineClient> {
  const socket = join(run, "names.sock");
  const running = await tryConnect(socket);
  if (running !== undefined) return running;
  const ending = await start(run, socket);
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !ending.aborted;) {
    const started = await tryConnect(socket);
    if (started !== undefined) return started;
    await delay(POLL_MS);
  }
  const said = (await readFile(join(run, "names.log"), "utf8").catch(() => "")).trim();
  throw new GantryError(
    "kernel",
    `the name responder did not start: ${said || String(ending.reason ?? "it is silent")}`,
    {
      next: `check that ${PROGRAM} is there (npm run build)`,
    },
  );
}

/** Whether one answers. */
export async function isRunning(run: string): Promise<boolean> {
  const client = await tryConnect(join(run, "names.sock"));
  client?.close();
  return client !== undefined;
}

/** The signal says when it has ended again, and how. */
async function start(run: string, socket: string): Promise<AbortSignal> {
  const log = await open(join(run, "names.log"), "w", 0o600);
  const ending = new AbortController();
  try {
    const child = spawn(process.execPath, [...FLAGS, PROGRAM, socket], {
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      cwd: "/",
      env: {},
    });
    child.once("error", (error) => ending.abort(error.message));
    child.once("exit", (code, signal) => ending.abort(signal ?? `status ${code}`));
    child.unref();
  } finally {
    await log.close();
  }
  return ending.signal;
}

/** Undefined when nobody answers, or one of another version, which is asked to make room. */
async function tryConnect(path: string): Promise<LineClient | undefined> {
  try {
    const client = await LineClient.connect(path);
    const { version } = await client.ask({ status: true });
    if (version === NAMES_VERSION) return client;
    await client.ask({ end: true }).catch(() => undefined);
    return undefined;
  } catch (error) {
    const code = errnoOf(error);
    // No code: it hung up in mid-conversation.
    if (code === undefined || ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"].includes(code))
      return undefined;
    throw error;
  }
}
