import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Context } from "../../../src/cli/context.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { TextBuffer } from "./text-buffer.ts";

export type Listener = (request: IncomingMessage, answer: ServerResponse) => unknown;

export interface Served {
  readonly context: Context;
  readonly stdout: TextBuffer;
  readonly stderr: TextBuffer;
}

/** The context of a CLI whose instance has this server on its real unix socket; its current folder is a new one. */
export async function served(
  listener: Listener,
  prepare?: (server: ReturnType<typeof createServer>) => void,
): Promise<Served> {
  const folder = await temporaryFolder();
  const socket = join(folder, "gantry.sock");
  const server = createServer((request, answer) => {
    void listener(request, answer);
  });
  prepare?.(server);
  server.listen(socket);
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const [stdout, stderr] = [new TextBuffer(), new TextBuffer()];
  const paths = { root: folder, run: folder, socket };
  return { context: { paths, cwd: folder, env: {}, stdin: process.stdin, stdout, stderr }, stdout, stderr };
}
