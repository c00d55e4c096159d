import { spawn } from "node:child_process";
import { constants } from "node:os";
import { GantryError } from "../../error.ts";
import { DAEMON_PROGRAM, daemonEnvironment } from "../daemon-start.ts";
import type { Context } from "../context.ts";

const FORWARDED = ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** `gantry daemon`: the daemon in the foreground, for a service manager. Ends as it ends, 128 + signal included. */
export function daemon(context: Context): Promise<number> {
  if (process.getuid?.() !== 0)
    throw new GantryError("permission", "the daemon needs root", {
      next: "needs root: try sudo gantry daemon",
    });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [DAEMON_PROGRAM], {
      env: daemonEnvironment(context),
      stdio: "inherit",
    });
    for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
    // On a terminal ctrl-C reaches the whole group: the daemon has it already.
    process.on("SIGINT", () => {
      if (!process.stdin.isTTY) child.kill("SIGINT");
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}
