import { spawn } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { GantryError } from "../error.ts";
import { errnoOf } from "../host/errno.ts";
import { explainFailure, Interrupted, PlanError } from "./failure.ts";
import { decodeFailure, encodeFrame, FrameReader, u32 } from "./frames.ts";

const WIRE_VERSION = 1;
const REQUEST = { hello: 1, launch: 2, execute: 3 } as const;
const RESULT = { ok: 0, failed: 1, gone: 2 } as const;

export interface LaunchedProcess {
  /** Host pid of the container's first process. */
  readonly pid: number;
  /** Clock ticks since boot, proc_pid_stat(5) field 22: with the pid it names a process for good. */
  readonly startTime: number;
  /** ms since the epoch. */
  readonly startedAt: number;
  /** Host pid of the shim. */
  readonly shim: number;
  /** Mounts whose ids could not be mapped: a bit for each, hexadecimal. */
  readonly unmapped?: string;
}

interface Pending {
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

export interface LauncherOptions {
  /** Path of gantry-launcher. */
  readonly program: string;
  readonly root: string;
  readonly run: string;
  /** Folders for the slots from SLOT.firstCgroup on. */
  readonly folders: readonly string[];
  /** A shim ended that was launched over this connection; the key is what launch() was given. */
  readonly onShimGone: (key: string) => void;
}

/**
 * The connection to the launcher process. A launcher that is gone is replaced at the next request: it holds nothing
 * that a new one could not make again, and its shims go on without it.
 */
export class Launcher {
  readonly #options: LauncherOptions;
  readonly #pending = new Map<number, Pending>();
  /** The launch request of every shim that lives on this connection. */
  readonly #shims = new Map<number, string>();
  #socket: Promise<Socket> | undefined;
  #next = 1;

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  /**
   * Starts a container's first process. Rejects with command.not-found, command.not-executable or kernel;
   * Interrupted: nobody knows what became of it. Once that is thrown no shim is on its way any more, since each holds
   * the connection open until it has answered.
   */
  async launch(key: string, plan: Uint8Array): Promise<LaunchedProcess> {
    const payload = await this.#request(REQUEST.launch, plan, key);
    return JSON.parse(payload.toString()) as LaunchedProcess;
  }

  /**
   * Carries out a plan on the host, without a container. A failure with one of the tolerated errnos is none. The plan
   * must bear to be carried out twice: a launcher that dies over it is replaced, and the new one asked again.
   */
  async execute(plan: Uint8Array, tolerated: readonly string[] = []): Promise<void> {
    const once = (): Promise<Buffer> => this.#request(REQUEST.execute, plan);
    try {
      await once().catch((error: unknown) => {
        if (error instanceof Interrupted) return once();
        throw error;
      });
    } catch (error) {
      if (!(error instanceof PlanError && tolerated.includes(error.errno))) throw error;
    }
  }

  /** Ends the connection; a launcher without shims then ends itself. */
  async close(): Promise<void> {
    const socket = await this.#socket?.catch(() => undefined);
    this.#socket = undefined;
    socket?.destroy();
  }

  async #request(kind: number, plan: Uint8Array, key?: string): Promise<Buffer> {
    this.#socket ??= this.#open();
    let socket: Socket;
    try {
      socket = await this.#socket;
    } catch (error) {
      this.#socket = undefined;
      throw error;
    }
    const id = this.#next++;
    return await new Promise<Buffer>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      if (key !== undefined) this.#shims.set(id, key);
      socket.write(encodeFrame(id, u32(kind), plan));
    });
  }

  async #open(): Promise<Socket> {
    const path = join(this.#options.run, "launcher.sock");
    let socket = await tryConnect(path);
    if (socket === undefined) {
      this.#start();
      const deadline = Date.now() + 5000;
      while ((socket = await tryConnect(path)) === undefined) {
        if (Date.now() > deadline)
          throw new GantryError("kernel", "the launcher does not start", {
            next: `look into ${join(this.#options.run, "launcher.log")}`,
          });
        await delay(2);
      }
    }
    this.#attend(socket);
    await this.#greet(socket);
    return socket;
  }

  #start(): void {
    const { program, run, root, folders } = this.#options;
    const log = openSync(join(run, "launcher.log"), "a", 0o600);
    try {
      const child = spawn(program, [run, root, ...folders], {
        detached: true,
        stdio: ["ignore", log, log],
        env: {},
        cwd: "/",
      });
      // A missing program shows as a launcher that does not answer; its text is in the error below.
      child.on("error", () => undefined);
      child.unref();
    } finally {
      closeSync(log);
    }
  }

  #attend(socket: Socket): void {
    const reader = new FrameReader();
    socket.on("data", (chunk: Buffer) => {
      for (const { tag, payload } of reader.push(chunk)) this.#settle(tag, payload);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#socket = undefined;
      for (const { reject } of this.#pending.values()) reject(new Interrupted("the launcher went away"));
      this.#pending.clear();
      this.#shims.clear();
    });
  }

  #settle(id: number, payload: Buffer): void {
    const result = payload.readUInt32LE(0);
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    const key = this.#shims.get(id);
    if (result !== RESULT.ok) this.#shims.delete(id);
    if (pending === undefined) {
      // A shim that had answered long ago: it ended, by itself or by force.
      if (result === RESULT.gone && key !== undefined) this.#options.onShimGone(key);
      return;
    }
    if (result === RESULT.ok) pending.resolve(payload.subarray(4));
    else if (result === RESULT.failed) pending.reject(explainFailure(decodeFailure(payload.subarray(4))));
    else pending.reject(new Interrupted("the shim died before the container was up"));
  }

  async #greet(socket: Socket): Promise<void> {
    const id = this.#next++;
    const answer = new Promise<Buffer>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    socket.write(encodeFrame(id, u32(REQUEST.hello)));
    const version = (await answer).readUInt32LE(0);
    if (version !== WIRE_VERSION)
      throw new GantryError("kernel", `the running launcher speaks version ${version}, not ${WIRE_VERSION}`, {
        next: "stop the containers of the older gantry once, then start again",
      });
  }
}

async function tryConnect(path: string): Promise<Socket | undefined> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", (error) => {
      const code = errnoOf(error);
      if (code === "ENOENT" || code === "ECONNREFUSED") resolve(undefined);
      else reject(error);
    });
  });
}
