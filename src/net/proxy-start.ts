import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GantryError, messageOf } from "../error.ts";
import { ProxyControl } from "./proxy-control.ts";

const PATIENCE_MS = 5_000;
const POLL_MS = 5;

/** Where a proxy is, or is to be. */
export interface ProxyLocation {
  /** The native program's path. */
  readonly program: string;
  /** The instance's run folder: it holds the control socket and what the program has to say. */
  readonly run: string;
}

/** Connects to the instance's proxy; starts it, in a session of its own, when nobody answers. Throws kernel. */
export async function connectOrStart(location: ProxyLocation): Promise<ProxyControl> {
  const socket = join(location.run, "proxy.sock");
  const running = await tryConnect(socket);
  if (running !== undefined) return running;

  const log = await open(join(location.run, "proxy.log"), "w", 0o600);
  const ending = new AbortController();
  try {
    const child = spawn(location.program, ["--socket", socket], {
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      cwd: "/",
      env: {},
    });
    child.once("error", (error) => ending.abort(messageOf(error)));
    child.once("exit", (code, signal) => ending.abort(signal ?? `status ${code}`));
    child.unref();
  } finally {
    await log.close();
  }
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    // Somebody else may have started one at the same time: ours ends then, and theirs answers.
    const { aborted } = ending.signal;
    const started = await tryConnect(socket);
    if (started !== undefined) return started;
    if (aborted) break;
    await delay(POLL_MS);
  }
  const said = await readFile(join(location.run, "proxy.log"), "utf8").catch(() => "");
  throw new GantryError(
    "kernel",
    `the port-forward proxy did not start: ${said.trim() || String(ending.signal.reason ?? "it is silent")}`,
    {
      next: `check that ${location.program} is there and can be run (npm run build)`,
    },
  );
}

async function tryConnect(path: string): Promise<ProxyControl | undefined> {
  try {
    return await ProxyControl.connect(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "EAGAIN") return undefined;
    throw new GantryError("kernel", `cannot reach the port-forward proxy at ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
