import { createConnection } from "node:net";
import type { Socket } from "node:net";
import { GantryError } from "../error.ts";

/** What the proxy says of one of its listening sockets. */
export interface SocketStatus {
  readonly id: string;
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  /** The port it is bound to. */
  readonly port: number;
  /** False: it accepts no more, but has connections left. */
  readonly open: boolean;
  /** Connections that wait for an endpoint. */
  readonly held: number;
  /** Connections (of UDP: flows) since it was opened. A proxy of an older version does not say. */
  readonly accepted?: number;
  /** Bytes from clients, and to them. */
  readonly received?: number;
  readonly sent?: number;
  /** Attempts that an endpoint refused or did not answer. */
  readonly failed?: number;
  readonly endpoints: readonly {
    /** `10.208.0.2:80` */
    readonly address: string;
    readonly connections: number;
    /** No new connections. */
    readonly leaving: boolean;
  }[];
}

/** `error EADDRINUSE text`, as an exception. */
export class ProxyRefusal extends Error {
  override readonly name = "ProxyRefusal";
  readonly errno: string;

  constructor(errno: string, message: string) {
    super(message);
    this.errno = errno;
  }
}

interface Question {
  readonly lines: string[];
  /** Status answers with many lines and `end`, everything else with one. */
  readonly many: boolean;
  readonly resolve: (lines: readonly string[]) => void;
  readonly reject: (error: unknown) => void;
}

const PATIENCE_MS = 10_000;

/** One connection to a proxy's control socket. docs/network.md has the protocol. */
export class ProxyControl {
  readonly #socket: Socket;
  readonly #questions: Question[] = [];
  #rest = "";
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.setTimeout(PATIENCE_MS, () => {
      if (this.#questions.length > 0) socket.destroy();
    });
    socket.on("data", (text: string) => this.#receive(text));
    socket.on("error", () => undefined); // `close` follows
    socket.on("close", () => {
      this.#closed = true;
      for (const question of this.#questions.splice(0))
        question.reject(new GantryError("kernel", "the port-forward proxy went away in mid-conversation"));
    });
    socket.unref(); // only a question keeps the process alive
  }

  /** Resolves once connected; rejects with ENOENT or ECONNREFUSED where nobody answers. */
  static connect(path: string): Promise<ProxyControl> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new ProxyControl(socket));
      });
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Calls back once, when the connection ends for whatever reason. */
  onClose(listener: () => void): void {
    this.#socket.once("close", listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Binds a socket. Returns the port. Throws ProxyRefusal. */
  async listen(id: string, protocol: "tcp" | "udp", address: string, port: number): Promise<number> {
    return Number(await this.#command("listen", id, protocol, address, String(port)));
  }

  /** Stops accepting; connections go on. Fine when there is no such socket. */
  async unlisten(id: string): Promise<void> {
    await this.#command("unlisten", id);
  }

  /** Replaces the full set, as `address:port` each. */
  async endpoints(id: string, endpoints: readonly string[]): Promise<void> {
    await this.#command("endpoints", id, ...endpoints);
  }

  /** Resets what connections an endpoint still has. Returns how many they were. */
  async drop(id: string, endpoint: string): Promise<number> {
    return Number(await this.#command("drop", id, endpoint));
  }

  async status(): Promise<readonly SocketStatus[]> {
    const lines = await this.#ask("status", true);
    return lines.map((line) => JSON.parse(line) as SocketStatus);
  }

  async #command(...words: readonly string[]): Promise<string> {
    const [line = ""] = await this.#ask(words.join(" "), false);
    const [verdict, errno = "EIO", ...text] = line.split(" ");
    if (verdict === "ok") return line.slice("ok ".length);
    throw new ProxyRefusal(errno, text.join(" "));
  }

  #ask(line: string, many: boolean): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new GantryError("kernel", "the port-forward proxy is gone"));
        return;
      }
      this.#questions.push({ lines: [], many, resolve, reject });
      this.#socket.ref();
      this.#socket.write(`${line}\n`);
    });
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const question = this.#questions[0];
      if (question === undefined) return this.close(); // an answer nobody asked for
      if (question.many && line !== "end") {
        question.lines.push(line);
        continue;
      }
      this.#questions.shift();
      question.resolve(question.many ? question.lines : [line]);
    }
    if (this.#questions.length === 0) this.#socket.unref();
  }
}
