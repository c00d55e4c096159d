import { request, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { GantryError } from "../error.ts";
import { answerError, transportError } from "./client-error.ts";
import { jsonLines } from "./json-lines.ts";

export interface CallOptions {
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, with backpressure. */
  readonly upload?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  /** Aborting it closes the connection. */
  readonly signal?: AbortSignal;
}

/**
 * A client of the daemon's API on its unix socket. Every method throws GantryError: the daemon's own where it answered
 * with one, else `daemon.unreachable` (nobody listens, or the connection broke) or `permission`.
 */
export class Client {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** The answer's JSON; undefined where it has no body (204, 304). The caller names the shape the protocol promises. */
  async json<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const text = await this.text(method, path, options);
    if (text === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new GantryError("internal", `the daemon's answer to ${method} ${path} is not JSON`, { cause });
    }
  }

  async text(method: string, path: string, options: CallOptions = {}): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.stream(method, path, options)) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  }

  /** The head of the answer; its body is not read. An error is told as for the others, so this is no HEAD, which has none. */
  async headers(path: string, options: CallOptions = {}): Promise<IncomingHttpHeaders> {
    const answer = await this.#send("GET", path, options);
    answer.destroy();
    return answer.headers;
  }

  /** The answer as one JSON value per line. */
  lines<T>(method: string, path: string, options: CallOptions = {}): AsyncIterable<T> {
    return jsonLines<T>(this.stream(method, path, options));
  }

  /** The answer's bytes as they come. The request is sent when the first of them is asked for. */
  async *stream(method: string, path: string, options: CallOptions = {}): AsyncGenerator<Uint8Array> {
    const answer = await this.#send(method, path, options);
    try {
      for await (const chunk of answer) yield chunk as Uint8Array;
    } catch (error) {
      throw transportError(error, this.#socket, options.signal);
    } finally {
      answer.destroy();
    }
  }

  /**
   * Docker's hijack: the connection becomes a plain two-way stream after `101 UPGRADED`.
   * Ending the stream's writable side closes only that direction.
   */
  hijack(path: string, body: unknown): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const payload = JSON.stringify(body);
      const outgoing = request({
        ...this.#target("POST", path, {}),
        headers: {
          ...jsonHeaders(payload),
          Connection: "Upgrade",
          Upgrade: "tcp",
        },
      });
      outgoing.on("upgrade", (_answer, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      outgoing.on("response", (answer) => {
        failure(answer).then(reject, reject);
      });
      outgoing.on("error", (error) => reject(transportError(error, this.#socket)));
      outgoing.end(payload);
    });
  }

  #target(
    method: string,
    path: string,
    options: CallOptions,
  ): RequestOptions & { readonly servername: string } {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) query.set(name, String(value));
    return {
      socketPath: this.#socket,
      method,
      path: query.size > 0 ? `${path}?${query.toString()}` : path,
      agent: false,
      // Else node asks whether the host is an IPv6 address, and compiling that pattern takes 10 ms of every command.
      servername: "",
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
  }

  #send(method: string, path: string, options: CallOptions): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const payload = options.body === undefined ? undefined : JSON.stringify(options.body);
      const outgoing = request({
        ...this.#target(method, path, options),
        headers: { ...(payload === undefined ? {} : jsonHeaders(payload)), ...options.headers },
      });
      outgoing.on("error", (error) => {
        options.upload?.destroy();
        reject(transportError(error, this.#socket, options.signal));
      });
      outgoing.on("response", (answer) => {
        const status = answer.statusCode ?? 500;
        if (status < 400) resolve(answer);
        else {
          options.upload?.destroy();
          failure(answer).then(reject, reject);
        }
      });
      if (options.upload === undefined) {
        outgoing.end(payload);
        return;
      }
      options.upload.on("error", (error) => outgoing.destroy(error));
      options.upload.pipe(outgoing);
    });
  }
}

/** A name as one segment of a path: a slash in it cannot reach another route. */
export function segment(name: string): string {
  return encodeURIComponent(name);
}

function jsonHeaders(payload: string): Record<string, string | number> {
  return { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(payload) };
}

async function failure(answer: IncomingMessage): Promise<GantryError> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer) chunks.push(chunk as Uint8Array);
  return answerError(answer.statusCode ?? 500, Buffer.concat(chunks).toString("utf8"));
}
