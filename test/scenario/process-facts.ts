import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The lines of /proc/PID/status by name. */
export async function statusOf(pid: number): Promise<ReadonlyMap<string, string>> {
  return linesOf(await readFile(`/proc/${pid}/status`, "utf8"));
}

/** `Name:  value` lines by name. */
export function linesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf(":");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()] as const];
    }),
  );
}

/** Numbers of the bits that are set in a hexadecimal mask. */
export function bitsOf(mask: string | undefined): readonly number[] {
  const value = BigInt(`0x${mask ?? "0"}`);
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => ((value >> BigInt(bit)) & 1n) === 1n);
}

/** The rows of /proc/PID/limits: soft and hard limit by name. */
export async function limitsOf(pid: number): Promise<ReadonlyMap<string, readonly [string, string]>> {
  const rows = (await readFile(`/proc/${pid}/limits`, "utf8")).split("\n").slice(1).filter(Boolean);
  return new Map(
    rows.map((row) => {
      const [name = "", soft = "", hard = ""] = row.split(/\s{2,}/);
      return [name, [soft, hard] as const];
    }),
  );
}

/** What a process's cgroup says in the first of these files that it has: v1 and v2 name them differently. */
export async function cgroupFile(pid: number, names: readonly string[]): Promise<string> {
  const own = (await readFile(`/proc/${pid}/cgroup`, "utf8")).trim().split("\n");
  for (const line of (await readFile("/proc/self/mountinfo", "utf8")).split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [type, , options = ""] = after.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") continue;
    const entry = own.find((row) => {
      const list = row.split(":")[1] ?? "";
      return type === "cgroup2" ? list === "" : list !== "" && options.split(",").includes(list);
    });
    const folder = join(before.split(" ")[4] ?? "", entry?.replace(/^\d+:[^:]*:/, "") ?? "");
    for (const name of names) {
      const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
      if (text !== undefined) return text.trim();
    }
  }
  throw new Error(`process ${pid} is in no cgroup with ${names.join(" or ")}`);
}
