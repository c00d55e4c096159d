import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { ZoneAnswer, ZoneCommand } from "./zone.ts";

interface Pending {
  readonly resolve: (answer: ZoneAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** One connection to the responder: a line there, a line back, in order. */
export class LineClient {
  readonly #socket: Socket;
  readonly #pending: Pending[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => undefined); // `close` follows
    socket.on("close", () => {
      for (const { reject } of this.#pending.splice(0)) reject(new Error("the name responder went away"));
    });
    const lines = createInterface({ input: socket });
    lines.on("error", () => undefined); // it says again what the socket has said
    lines.on("line", (line) => {
      this.#pending.shift()?.resolve(JSON.parse(line) as ZoneAnswer);
      if (this.#pending.length === 0) socket.unref();
    });
    socket.unref(); // only a question keeps the process alive
  }

  /** Rejects with ENOENT or ECONNREFUSED where nobody listens. */
  static connect(path: string): Promise<LineClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new LineClient(socket));
      });
    });
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  onClose(listener: () => void): void {
    this.#socket.once("close", listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  ask(command: ZoneCommand): Promise<ZoneAnswer> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(new Error("the name responder is gone"));
        return;
      }
      this.#pending.push({ resolve, reject });
      this.#socket.ref();
      this.#socket.write(`${JSON.stringify(command)}\n`);
    });
  }
}
