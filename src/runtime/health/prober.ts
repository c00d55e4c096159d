import { type ChildProcess, spawn } from "node:child_process";
import { encodeFrame, FrameReader, u32 } from "../frames.ts";
import type { ProcessIdentity } from "../namespaces.ts";

/** What is asked: whether somebody accepts connections and, where bytes are given, what comes back. */
export interface PortQuestion {
  /** A process in the network namespace. */
  readonly process: ProcessIdentity;
  /** At 127.0.0.1 there. */
  readonly port: number;
  readonly timeoutMs: number;
  readonly bytes: Uint8Array;
}

/** `errno` 0: connected, and answered where bytes were sent. */
export interface PortAnswer {
  readonly errno: number;
  readonly response: Buffer;
}

const QUESTION = 1;
const EPIPE = 32;
const NUMBERS = 2 ** 32;

/** Talks to gantry-prober, of which there is one for all containers. It is started for the first question. */
export class Prober {
  readonly #program: string;
  readonly #waiting = new Map<number, (answer: PortAnswer) => void>();
  #child: ChildProcess | undefined;
  #number = 0;

  constructor(program: string) {
    this.#program = program;
  }

  /** Never rejects: without a prober the answer is EPIPE. */
  async ask({ process, port, timeoutMs, bytes }: PortQuestion): Promise<PortAnswer> {
    const child = (this.#child ??= this.#start());
    const number = (this.#number = (this.#number + 1) % NUMBERS);
    const startTime = Buffer.allocUnsafe(8);
    startTime.writeBigUInt64LE(BigInt(process.startTime));
    return await new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      child.stdin?.write(
        encodeFrame(QUESTION, u32(number), u32(process.pid), startTime, u32(port), u32(timeoutMs), bytes),
      );
    });
  }

  close(): void {
    this.#child?.stdin?.end();
  }

  #start(): ChildProcess {
    const child = spawn(this.#program, { stdio: ["pipe", "pipe", "ignore"], cwd: "/", env: {} });
    const reader = new FrameReader();
    child.stdout?.on("data", (chunk: Buffer) => {
      for (const { payload } of reader.push(chunk))
        this.#settle(payload.readUInt32LE(0), {
          errno: payload.readInt32LE(4),
          response: payload.subarray(8),
        });
    });
    child.stdin?.on("error", () => undefined); // its end says the same
    const gone = (): void => {
      if (this.#child === child) this.#child = undefined;
      for (const number of this.#waiting.keys())
        this.#settle(number, { errno: EPIPE, response: Buffer.alloc(0) });
    };
    child.once("error", gone).once("close", gone);
    return child;
  }

  #settle(number: number, answer: PortAnswer): void {
    this.#waiting.get(number)?.(answer);
    this.#waiting.delete(number);
  }
}
