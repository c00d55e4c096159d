import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { GantryError } from "../../error.ts";
import { booleanIn } from "./bodies.ts";
import { invalid } from "./errors.ts";
import { contentType, outputOf } from "./exec.ts";
import { consoleSize } from "./exec-body.ts";
import type { ExecRegistry } from "./exec-registry.ts";
import { frame } from "./frame.ts";
import { pump, readJsonBody, switchProtocols, type Upgrade } from "./upgrade.ts";

/**
 * Serves `POST /exec/{id}/start` with `Upgrade: tcp`: the connection becomes the command's stdin one way and its output
 * the other way, in frames unless it has a terminal. Closing one's own half ends stdin; the command goes on.
 */
export function execUpgrade(registry: ExecRegistry): Upgrade {
  return {
    path: /^\/exec\/(?<id>[0-9a-f]{64})\/start$/,
    serve: (id, request, socket) => serve(registry, id, request, socket),
  };
}

async function serve(
  registry: ExecRegistry,
  id: string,
  request: IncomingMessage,
  socket: Duplex,
): Promise<void> {
  const body = await readJsonBody(request, socket);
  if (booleanIn(body, "Detach")) throw invalid("Detach needs no upgraded connection", "leave Upgrade out");
  const exec = registry.find(id);
  exec.size = consoleSize(body) ?? exec.size;
  const session = await registry.start(exec).catch((error: unknown) => {
    if (!isCommandFailure(error)) throw error;
    return error;
  });
  switchProtocols(socket, contentType(exec));
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

function isCommandFailure(error: unknown): error is GantryError {
  return error instanceof GantryError && error.code.startsWith("command.");
}
