import { readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { runFolder } from "./places.ts";

/** What a shim wrote when its container ended. */
export interface ExitStatus {
  /** 128 + signal for a killed process. */
  readonly code: number;
  readonly oomKilled: boolean;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** The exit status a shim left for a container; undefined while there is none. */
export async function readExit(run: string, id: string): Promise<ExitStatus | undefined> {
  try {
    return JSON.parse(await readFile(join(runFolder(run, id), "exit"), "utf8")) as ExitStatus;
  } catch {
    return undefined;
  }
}

/**
 * Listens for shims that say their container ended. Only a hint: the exit file is the fact, so a message that is
 * lost while the daemon is away costs nothing.
 */
export async function listenForExits(run: string, onExit: (id: string) => void): Promise<Server> {
  const path = join(run, "events.sock");
  await rm(path, { force: true });
  const server = createServer((socket) => {
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > 256) socket.destroy();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      const id = /^exit ([0-9a-f]{64})\n$/.exec(text)?.[1];
      if (id !== undefined) onExit(id);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return server;
}
