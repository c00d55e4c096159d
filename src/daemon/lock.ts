import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { errnoOf } from "../host/errno.ts";

/**
 * Makes sure that one daemon at most uses a folder. The lock is an abstract unix socket (unix(7)): binding it is
 * atomic, and the kernel lets go of it when the process ends, however it ends. Undefined when somebody has it.
 */
export async function lockFolder(folder: string): Promise<Server | undefined> {
  const name = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex");
  const server = createServer((socket) => socket.destroy());
  return await new Promise((resolve, reject) => {
    server.once("error", (error) => (errnoOf(error) === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(`\0gantry-${name}`, () => {
      server.unref();
      resolve(server);
    });
  });
}
