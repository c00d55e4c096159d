// gantry-names SOCKET: answers containers' questions about names. It outlives the daemon, as the proxy does: the table
// stays until somebody changes it. docs/network.md has the protocol.
import { rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { NameService } from "./service.ts";
import type { ZoneCommand } from "./zone.ts";

/** Whoever starts one connects to it at once. */
const DESERTED_MS = 20_000;

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("usage: main.js SOCKET");
process.umask(0o177);
const service = new NameService();
const clients = new Set<Socket>();

/** Nothing to serve, and nobody to say otherwise: the next daemon starts another. */
function endIfNeedless(): void {
  if (service.idle && clients.size === 0) process.exit(0);
}

async function attend(socket: Socket): Promise<void> {
  clients.add(socket);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    clients.delete(socket);
    endIfNeedless();
  });
  for await (const line of createInterface({ input: socket })) {
    const command = JSON.parse(line) as ZoneCommand; // the socket is root's alone
    if ("end" in command) process.exit(0);
    socket.write(`${JSON.stringify(await service.obey(command))}\n`);
  }
}

for (const signal of ["SIGHUP", "SIGINT"] as const) process.on(signal, () => undefined);
const server = createServer((socket) => void attend(socket).catch(() => socket.destroy()));
await rm(path, { force: true }); // stale: whoever starts one has found that nobody answers
server.listen(path);
setTimeout(endIfNeedless, DESERTED_MS).unref();
