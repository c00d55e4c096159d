import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { GantryError, messageOf } from "../error.ts";

const run = promisify(execFile);

/** Bytes of ps's output that are read, far above what a machine's pids can fill. */
const LARGEST = 64 * 1024 * 1024;
const PATIENCE_MS = 10_000;

export interface ProcessTable {
  readonly titles: readonly string[];
  /** As many words as there are titles; the last one holds what is left of the line. */
  readonly processes: readonly (readonly string[])[];
}

/**
 * Some processes as the host's ps(1) shows them, as docker does. Throws request.invalid for arguments that ps refuses or
 * that leave its PID column out.
 */
export async function processTable(
  pids: readonly number[],
  psArguments: readonly string[],
): Promise<ProcessTable> {
  // By number first: left to itself ps shows its own user's processes, and a container's belong to others. It refuses
  // that beside a selection of the caller's, which then is tried as it stands.
  const chosen = [...psArguments, "-q", pids.join(",")];
  const stdout = await ps(chosen).catch(async () => await ps(psArguments));
  return selectProcesses(stdout, pids);
}

async function ps(psArguments: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" };
  const ran = run("ps", psArguments, { env, maxBuffer: LARGEST, timeout: PATIENCE_MS });
  const { stdout } = await ran.catch((error: unknown) => {
    if ((error as { code?: unknown }).code === "ENOENT")
      throw new GantryError("kernel", "there is no ps on this machine to list processes with", {
        next: "install procps",
      });
    throw new GantryError("request.invalid", `ps ${psArguments.join(" ")}: ${messageOf(error)}`);
  });
  return stdout;
}

/** Pure: of ps's output the lines about these pids. Throws request.invalid when it has no PID column. */
export function selectProcesses(output: string, pids: readonly number[]): ProcessTable {
  const [heading = "", ...lines] = output.split("\n").filter((line) => line.trim() !== "");
  const titles = heading.trim().split(/\s+/);
  const column = titles.indexOf("PID");
  if (column < 0)
    throw new GantryError("request.invalid", "these arguments of ps give no PID column", {
      next: "add pid to the list of -o",
    });
  const wanted = new Set(pids.map(String));
  const processes = lines.map((line) => cells(line, titles.length));
  return { titles, processes: processes.filter((row) => wanted.has(row[column] ?? "")) };
}

function cells(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/);
  return words.length <= count ? words : [...words.slice(0, count - 1), words.slice(count - 1).join(" ")];
}
