import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "./errno.ts";

/** Pids inside a cgroup; none when it is gone. */
export async function cgroupPids(path: string): Promise<readonly number[]> {
  const text = await readFile(join(path, "cgroup.procs"), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean).map(Number);
}

/** Moves a process into a cgroup; one that ended meanwhile needs nothing more. Throws the kernel's refusal. */
export async function moveProcess(path: string, pid: number): Promise<void> {
  try {
    await writeFile(join(path, "cgroup.procs"), String(pid));
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}
