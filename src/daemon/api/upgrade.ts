import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Duplex } from "node:stream";
import { type JsonObject, objectOf } from "./bodies.ts";
import { invalid, NotBuiltError } from "./errors.ts";
import { refuse } from "./raw-answer.ts";
import { drained } from "./stream.ts";
import { withoutVersion } from "./version.ts";

/** Bytes: the body is `{"Detach":false,"Tty":false}` or little more. */
const BODY_LIMIT = 64 * 1024;
const BODY_DEADLINE_MS = 10_000;

/** A path whose connection a client may take over (Engine API, "hijacking"). */
export interface Upgrade {
  /** Without the version; its group `id` is handed on. */
  readonly path: RegExp;
  /** Answers on the bare connection. What it throws before it has answered is answered as an error. */
  readonly serve: (id: string, request: IncomingMessage, socket: Duplex) => Promise<void>;
}

/**
 * Serves `POST` requests with `Upgrade: tcp`. Node hands such a request over before it has read the body, so that all of
 * this is done on the bare connection. Any other upgrade is answered 501.
 */
export function acceptUpgrades(app: FastifyInstance, upgrades: readonly Upgrade[]): void {
  const open = new Set<Duplex>();
  app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    // A client that resets its connection is no error of ours; "close" follows.
    socket.on("error", () => {});
    if (head.length > 0) socket.unshift(head);
    serve(request, socket, upgrades).catch((error: unknown) => refuse(socket, error));
  });
  app.addHook("onClose", (_instance, done) => {
    for (const socket of open) socket.destroy();
    done();
  });
}

async function serve(request: IncomingMessage, socket: Duplex, upgrades: readonly Upgrade[]): Promise<void> {
  const path = withoutVersion(request.url ?? "").split("?")[0] ?? "";
  for (const upgrade of upgrades) {
    const id = upgrade.path.exec(path)?.groups?.["id"];
    if (id !== undefined && request.method === "POST") return await upgrade.serve(id, request, socket);
  }
  throw new NotBuiltError(`upgrading ${path}`);
}

/** From here on the connection is a two-way stream of that type. */
export function switchProtocols(socket: Duplex, contentType: string): void {
  const head = ["101 UPGRADED", `Content-Type: ${contentType}`, "Connection: Upgrade", "Upgrade: tcp"];
  socket.write(`HTTP/1.1 ${head.join("\r\n")}\r\n\r\n`);
}

/** To the end, even when nobody reads any more: the command goes on, and what becomes of it can be asked for. */
export async function pump(output: AsyncIterable<Uint8Array>, socket: Duplex): Promise<void> {
  try {
    for await (const bytes of output) {
      if (!socket.destroyed && !socket.write(bytes)) await drained(socket);
    }
    socket.end();
  } catch {
    socket.destroy();
  }
}

/** The request's body, an object. Throws request.invalid. */
export async function readJsonBody(request: IncomingMessage, socket: Duplex): Promise<JsonObject> {
  return objectOf(parse(await readBody(request, socket)));
}

/** Reads exactly the body; what follows it on the connection is the command's stdin and is left there. */
async function readBody(request: IncomingMessage, socket: Duplex): Promise<Buffer> {
  const text = request.headers["content-length"] ?? "0";
  const length = Number(text);
  if (request.headers["transfer-encoding"] !== undefined || !/^\d+$/.test(text)) {
    throw invalid("an upgraded request needs a Content-Length");
  }
  if (length > BODY_LIMIT) throw invalid(`the body is larger than ${BODY_LIMIT} bytes`);
  if (length === 0) return Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(undefined), BODY_DEADLINE_MS);
    const finish = (body: Buffer | undefined) => {
      clearTimeout(timer);
      socket.off("readable", look);
      socket.off("end", giveUp);
      socket.off("close", giveUp);
      if (body?.length === length) resolve(body);
      else reject(invalid("the body ended early"));
    };
    // read(n) waits for n bytes, except at the end of the stream, where it gives what there is.
    const look = () => {
      const body = socket.read(length) as Buffer | null;
      if (body !== null) finish(body);
    };
    const giveUp = () => finish(undefined);
    socket.on("readable", look);
    socket.once("end", giveUp);
    socket.once("close", giveUp);
    look();
  });
}

function parse(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw invalid("the body is not JSON");
  }
}
