import { selectProcesses } from "../../runtime/process-table.ts";
import { spawnSync } from "node:child_process";
import { pidsIn } from "../cgroup-folders.ts";
import { type Parsed, valueOf } from "../command-line.ts";
import { OciError } from "../oci-error.ts";
import { readState } from "../state-folder.ts";
import type { Globals } from "../verbs.ts";

/** `ps ID [PS OPTIONS]`: the lines that ps(1) has about a container's processes. */
export async function ps({ root }: Globals, parsed: Parsed): Promise<number> {
  const [id = "", ...options] = parsed.words;
  const pids = pidsIn(readState(root, id).cgroups);
  const format = valueOf(parsed, "format") ?? "table";
  if (format === "json") return print(`${JSON.stringify(pids)}\n`);
  if (format !== "table") throw new OciError("invalid format option");
  const { stdout, status, stderr, error } = spawnSync("ps", options.length === 0 ? ["-ef"] : options, {
    encoding: "utf8",
  });
  if (error !== undefined || status !== 0) throw new OciError(`ps: ${error?.message ?? stderr}`);
  const { titles } = selectProcesses(stdout, []);
  const column = titles.indexOf("PID");
  const wanted = new Set(pids.map(String));
  const [heading = "", ...lines] = stdout.split("\n");
  const own = lines.filter((line) => wanted.has(line.trim().split(/\s+/)[column] ?? ""));
  return print([heading, ...own, ""].join("\n"));
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
