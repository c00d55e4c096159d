import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";

/** Host pids of the native processes that serve an instance. */
export interface Machinery {
  readonly launcher: readonly number[];
  readonly proxy: readonly number[];
  readonly names: readonly number[];
  readonly shims: readonly number[];
}

/** Finds an instance's launcher, proxy, name responder and shims in /proc: their command lines name its folder. */
export async function machineryOf(base: string): Promise<Machinery> {
  const found = {
    launcher: [] as number[],
    proxy: [] as number[],
    names: [] as number[],
    shims: [] as number[],
  };
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!command.includes(base)) continue;
    const [program = ""] = command.split("\0");
    const name = (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim();
    if (name === "gantry-shim") found.shims.push(pid);
    else if (name === "gantry-session") continue;
    else if (basename(program) === "gantry-launcher") found.launcher.push(pid);
    else if (basename(program) === "gantry-proxy") found.proxy.push(pid);
    else if (command.includes("/names/main.js")) found.names.push(pid);
  }
  return found;
}

/** Kills processes; one that is gone already is fine. */
export function killAll(pids: readonly number[], signal: NodeJS.Signals = "SIGKILL"): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Whether a process is gone, or a zombie that whoever inherited it has not reaped yet. */
export async function hasEnded(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat === "" || /^.*\) [XZ]/.test(stat);
}
