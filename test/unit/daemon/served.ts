import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildApi } from "../../../src/daemon/api/server.ts";
import { MemoryEngine } from "./memory-engine.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The API over a memory engine, on a unix socket in a temporary folder. */
export interface Served {
  readonly engine: MemoryEngine;
  readonly socket: string;
  readonly folder: string;
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A bare connection, for what no HTTP client would send. */
  connect(): Promise<Socket>;
  close(): Promise<void>;
}

export async function serve(): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "gantry-api-"));
  const socket = join(folder, "gantry.sock");
  const engine = new MemoryEngine(folder);
  const app = buildApi(engine, { version: "0.1.0", root: folder, run: folder });
  await app.listen({ path: socket });
  return {
    engine,
    socket,
    folder,
    request: (method, path, body, headers = {}) => send(socket, method, path, body, headers),
    connect: async () => {
      const connection = connect(socket);
      connection.on("error", () => {});
      await new Promise((resolve) => connection.once("connect", resolve));
      return connection;
    },
    close: async () => {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Objects are sent as JSON, text and bytes as they are. */
function send(
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const raw = typeof body === "string" || Buffer.isBuffer(body);
  const type = body === undefined ? {} : { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, method, path, headers: { ...type, ...headers } });
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.once("error", reject);
    request.end(raw || body === undefined ? body : JSON.stringify(body));
  });
}

/** The body as JSON, for looking into. */
// The type parameter is a cast with another face, and reads better where it is used.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function json<T>(answer: Answer): T {
  return JSON.parse(answer.body.toString("utf8")) as T;
}

/** Polls until the condition holds; fails after five seconds. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still not so after 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Collects what a connection sends; `text()` is all of it so far. */
export function collect(connection: Socket): () => string {
  let text = "";
  connection.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  return () => text;
}

/** Everything a connection sends until the other side ends it. */
export async function readAll(connection: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of connection) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Text by stream, from multiplexed frames. */
export function demultiplex(bytes: Buffer): { stdout: string; stderr: string } {
  const text = { stdout: "", stderr: "" };
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at + 4);
    const payload = bytes.toString("utf8", at + 8, at + 8 + length);
    if (bytes[at] === 2) text.stderr += payload;
    else text.stdout += payload;
    at += 8 + length;
  }
  return text;
}
