import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Duplex } from "node:stream";
import { GantryError } from "../../error.ts";
import { booleanIn, objectOf } from "./bodies.ts";
import { invalid, NotBuiltError } from "./errors.ts";
import { contentType, outputOf } from "./exec.ts";
import { consoleSize } from "./exec-body.ts";
import type { ExecRegistry } from "./exec-registry.ts";
import { frame } from "./frame.ts";
import { refuse } from "./raw-answer.ts";
import { drained } from "./stream.ts";
import { withoutVersion } from "./version.ts";

const START = /^\/exec\/([0-9a-f]{64})\/start$/;
/** Bytes: the body is `{"Detach":false,"Tty":false}` or little more. */
const BODY_LIMIT = 64 * 1024;
const BODY_DEADLINE_MS = 10_000;

/**
 * Serves `POST /exec/{id}/start` with `Upgrade: tcp`: the connection becomes the command's stdin one way and its output
 * the other way, in frames unless it has a terminal. Closing one's own half ends stdin; the command goes on. Node hands such a request over
 * before it has read the body, so that this is done here. Any other upgrade is answered 501.
 */
export function hijackExec(app: FastifyInstance, registry: ExecRegistry): void {
  const open = new Set<Duplex>();
  app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    // A client that resets its connection is no error of ours; "close" follows.
    socket.on("error", () => {});
    if (head.length > 0) socket.unshift(head);
    serve(request, socket, registry).catch((error: unknown) => refuse(socket, error));
  });
  app.addHook("onClose", (_instance, done) => {
    for (const socket of open) socket.destroy();
    done();
  });
}

async function serve(request: IncomingMessage, socket: Duplex, registry: ExecRegistry): Promise<void> {
  const path = withoutVersion(request.url ?? "").split("?")[0] ?? "";
  const id = START.exec(path)?.[1];
  if (request.method !== "POST" || id === undefined) throw new NotBuiltError(`upgrading ${path}`);
  const body = objectOf(parse(await readBody(request, socket)));
  if (booleanIn(body, "Detach")) throw invalid("Detach needs no upgraded connection", "leave Upgrade out");
  const exec = registry.find(id);
  exec.size = consoleSize(body) ?? exec.size;
  const session = await registry.start(exec).catch((error: unknown) => {
    if (!isCommandFailure(error)) throw error;
    return error;
  });
  socket.write(
    `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType(exec)}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
  );
  if (session instanceof GantryError) {
    // Docker's CLI shows what it reads and asks for the exit status after: 126 or 127.
    const terminal = exec.config.terminal !== undefined;
    socket.end(terminal ? `${session.message}\r\n` : frame("stderr", Buffer.from(`${session.message}\n`)));
    return;
  }
  if (exec.config.stdin) {
    socket.pipe(session.stdin);
    session.stdin.once("close", () => socket.resume());
  } else {
    session.stdin.end();
    socket.resume();
  }
  // One that vanished without closing its half first: the command must not wait for more.
  socket.once("close", () => session.stdin.end());
  await pump(outputOf(exec, session), socket);
}

/** To the end, even when nobody reads any more: the command goes on, and what becomes of it can be asked for. */
async function pump(output: AsyncIterable<Uint8Array>, socket: Duplex): Promise<void> {
  try {
    for await (const bytes of output) {
      if (!socket.destroyed && !socket.write(bytes)) await drained(socket);
    }
    socket.end();
  } catch {
    socket.destroy();
  }
}

function isCommandFailure(error: unknown): error is GantryError {
  return error instanceof GantryError && error.code.startsWith("command.");
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
