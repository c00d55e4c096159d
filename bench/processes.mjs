// What processes cost, from /proc. Sizes in KiB, as the kernel gives them.
import { readdirSync, readFileSync } from "node:fs";

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}

function field(text, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}

/** Processes whose command line matches or whose name is one the pattern matches. */
export function pidsOf(pattern) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      const name = read(`/proc/${pid}/comm`).trim();
      const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
      return pattern.test(name) || pattern.test(command);
    })
    .map(Number);
}

/** The most a process ever held resident (VmHWM of proc_pid_status(5)). */
export function peakResident(pid) {
  return field(read(`/proc/${pid}/status`), "VmHWM");
}

/** Its own memory and its share of what it shares (proc_pid_smaps(5)). */
export function proportional(pid) {
  return field(read(`/proc/${pid}/smaps_rollup`), "Pss");
}

export function resident(pid) {
  return field(read(`/proc/${pid}/status`), "VmRSS");
}

/** Network links of this namespace whose name begins so. */
export function linkCount(prefix) {
  return read("/proc/net/dev")
    .split("\n")
    .filter((line) => line.trim().startsWith(prefix)).length;
}
