import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Writable } from "node:stream";
import { GantryError } from "../error.ts";
import { errnoName, errnoOf } from "../host/errno.ts";
import { explainFailure } from "./failure.ts";
import { decodeFailure, encodeFrame, type Frame, FrameReader, u32 } from "./frames.ts";
import type { LaunchedProcess } from "./launcher.ts";
import type { ExecSession, OutputChunk, TerminalSize } from "./session.ts";

const REQUEST = { status: 1, signal: 2, exec: 3, attach: 4, resize: 5 } as const;
/** Of an attach request. */
const ATTACH = { input: 1, fromStart: 2 } as const;
/** Bytes of input in one frame, at most as many as a shim takes. */
const LARGEST_INPUT = 32 * 1024;
const SESSION = {
  started: 1,
  failed: 2,
  stdin: 3,
  stdout: 4,
  stderr: 5,
  exit: 6,
  signal: 7,
  resize: 8,
} as const;
const PATIENCE_MS = 5000;

/** Whether a pid is a living shim's: neither one that nobody has reaped yet, nor somebody who got the number since. */
export function isShim(pid: number): boolean {
  try {
    return /^\d+ \(gantry-shim\) [^XZ]/.test(readFileSync(`/proc/${pid}/stat`, "latin1")); // proc_pid_stat(5)
  } catch {
    return false;
  }
}

function dial(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) => {
      const code = errnoOf(error);
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") resolve(undefined);
      else reject(error);
    });
  });
}

/** One question, one answer. Undefined when no shim listens there. */
async function ask(path: string, request: Buffer): Promise<Buffer | undefined> {
  const socket = await dial(path);
  if (socket === undefined) return undefined;
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  try {
    return await new Promise<Buffer | undefined>((resolve) => {
      const reader = new FrameReader();
      socket.on("data", (chunk: Buffer) => {
        for (const { payload } of reader.push(chunk)) resolve(payload);
      });
      socket.on("error", () => resolve(undefined));
      socket.on("close", () => resolve(undefined));
      socket.write(request);
    });
  } finally {
    socket.destroy();
  }
}

/** What the shim behind a socket says of its container; undefined when there is no shim any more. */
export async function shimStatus(path: string): Promise<LaunchedProcess | undefined> {
  const answer = await ask(path, encodeFrame(REQUEST.status));
  return answer === undefined ? undefined : (JSON.parse(answer.toString()) as LaunchedProcess);
}

/** Sends a signal to the container's first process. False when it is gone already. */
export async function shimSignal(path: string, signal: number): Promise<boolean> {
  const answer = await ask(path, encodeFrame(REQUEST.signal, u32(signal)));
  if (answer === undefined) return false;
  const errno = Number(answer.readBigInt64LE(0));
  if (errno === 0) return true;
  if (errnoName(errno) === "ESRCH") return false;
  throw new GantryError("kernel", `signal ${signal}: ${errnoName(errno)}`);
}

/** Opens a process inside the container. Rejects with command.not-found, command.not-executable or kernel. */
export async function shimExec(path: string, plan: Uint8Array): Promise<ExecSession> {
  const socket = await dial(path);
  if (socket === undefined) throw new GantryError("container.not-running", "the container is not running");
  return await openSession(socket, encodeFrame(REQUEST.exec, plan));
}

/**
 * Joins the container's own stdio, where it has an input or a terminal; `fromStart` gives what it has written so far.
 * Rejects with container.not-running, also for a shim of an older version, which knows no such request; kernel where
 * too many are attached.
 */
export async function shimAttach(
  path: string,
  options: { readonly input: boolean; readonly fromStart: boolean },
): Promise<ExecSession> {
  const socket = await dial(path);
  if (socket === undefined) throw new GantryError("container.not-running", "the container is not running");
  const flags = (options.input ? ATTACH.input : 0) | (options.fromStart ? ATTACH.fromStart : 0);
  return await openSession(socket, encodeFrame(REQUEST.attach, u32(flags)));
}

/** Tells the container's terminal its size. False where it has none, or does not run. */
export async function shimResize(path: string, { rows, columns }: TerminalSize): Promise<boolean> {
  const answer = await ask(path, encodeFrame(REQUEST.resize, u32(rows), u32(columns)));
  return answer !== undefined && Number(answer.readBigInt64LE(0)) === 0;
}

async function openSession(socket: Socket, request: Buffer): Promise<ExecSession> {
  const frames = readFrames(socket);
  socket.write(request);
  const { value: first } = await frames.next();
  if (first?.tag !== SESSION.started) {
    socket.destroy();
    if (first?.tag === SESSION.failed) throw explainFailure(decodeFailure(first.payload));
    throw new GantryError(
      "container.not-running",
      "the container went away, or its shim knows no such request",
    );
  }
  let settle: (code: number) => void = () => undefined;
  const exit = new Promise<number>((resolve) => (settle = resolve));
  return {
    pid: first.payload.readUInt32LE(0),
    stdin: stdinOf(socket),
    output: outputOf(frames, socket, settle),
    exit,
    kill: (signal) => {
      if (socket.writable) socket.write(encodeFrame(SESSION.signal, u32(signal)));
    },
    close: () => socket.destroy(),
    resize: ({ rows, columns }) => {
      if (socket.writable) socket.write(encodeFrame(SESSION.resize, u32(rows), u32(columns)));
    },
  };
}

async function* readFrames(socket: Socket): AsyncGenerator<Frame, undefined> {
  const reader = new FrameReader();
  try {
    for await (const chunk of socket) yield* reader.push(chunk as Buffer);
  } catch {
    // A broken connection ends the session; the exit status then says so.
  }
  return undefined;
}

async function* outputOf(
  frames: AsyncGenerator<Frame, undefined>,
  socket: Socket,
  settle: (code: number) => void,
): AsyncGenerator<OutputChunk> {
  try {
    for await (const { tag, payload } of frames) {
      if (tag === SESSION.exit) return settle(payload.readUInt32LE(0));
      if (tag === SESSION.stdout) yield { stream: "stdout", data: payload };
      if (tag === SESSION.stderr) yield { stream: "stderr", data: payload };
    }
  } finally {
    settle(255); // no effect once the real status was told
    socket.destroy();
  }
}

function stdinOf(socket: Socket): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      // An empty frame means the end, so nothing empty may be sent before it.
      if (chunk.length === 0 || !socket.writable) return done();
      for (let at = LARGEST_INPUT; at < chunk.length; at += LARGEST_INPUT)
        socket.write(encodeFrame(SESSION.stdin, chunk.subarray(at - LARGEST_INPUT, at)));
      const rest = chunk.subarray(Math.floor((chunk.length - 1) / LARGEST_INPUT) * LARGEST_INPUT);
      socket.write(encodeFrame(SESSION.stdin, rest), () => done());
      return undefined;
    },
    final(done) {
      if (socket.writable) socket.write(encodeFrame(SESSION.stdin));
      done();
    },
  });
}
