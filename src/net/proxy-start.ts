import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GantryError, messageOf } from "../error.ts";
import { ProxyControl } from "./proxy-control.ts";

const PATIENCE_MS = 5_000;
const POLL_MS = 5;
/** The program's exit status when another one holds the lock of its socket. */
const LOCKED = "status 3";
const NOBODY = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "EAGAIN"]);

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
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const running = await tryConnect(socket);
    if (running !== undefined) return running;

    const ending = await start(location, socket);
    while (Date.now() < deadline) {
      const { aborted } = ending;
      const started = await tryConnect(socket);
      if (started !== undefined) return started;
      if (aborted) break;
      await delay(POLL_MS);
    }
    // Whoever has the lock either starts, and answers soon, or ends, and makes room soon; and that somebody killed this
    // one says nothing against the next.
    const again = ending.reason === LOCKED || ending.reason === "SIGKILL";
    if (!again || Date.now() >= deadline) throw await failure(location, ending);
    await delay(POLL_MS);
  }
}

/** Starts the program in a session of its own. The signal says when it has ended again, and how. */
async function start(location: ProxyLocation, socket: string): Promise<AbortSignal> {
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
  return ending.signal;
}

async function failure(location: ProxyLocation, ending: AbortSignal): Promise<GantryError> {
  const said = await readFile(join(location.run, "proxy.log"), "utf8").catch(() => "");
  const reason = said.trim() || String(ending.reason ?? "it is silent");
  return new GantryError("kernel", `the port-forward proxy did not start: ${reason}`, {
    next: `check that ${location.program} is there and can be run (npm run build)`,
  });
}

/** Undefined when nobody answers: one that is just ending may still accept, so an answer is asked for. */
async function tryConnect(path: string): Promise<ProxyControl | undefined> {
  let control;
  try {
    control = await ProxyControl.connect(path);
  } catch (error) {
    if (NOBODY.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new GantryError("kernel", `cannot reach the port-forward proxy at ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    await control.status();
    return control;
  } catch {
    control.close();
    return undefined;
  }
}
