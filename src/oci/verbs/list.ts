import { isSet, type Parsed, valueOf } from "../command-line.ts";
import { OciError } from "../oci-error.ts";
import { containerIds, readState, statusOf } from "../state-folder.ts";
import type { Globals } from "../verbs.ts";

const TITLES = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"];
const LEAST_WIDTH = 12;
const GAP = 3;

/** `list`: all containers of this root. */
export async function list({ root }: Globals, parsed: Parsed): Promise<number> {
  const format = valueOf(parsed, "format") ?? "table";
  if (format !== "table" && format !== "json") throw new OciError("invalid format option");
  const ids = containerIds(root);
  if (isSet(parsed, "quiet")) return print(ids.map((id) => `${id}\n`).join(""));
  const found = ids.map((id) => {
    const state = readState(root, id);
    const status = statusOf(root, state);
    const { ociVersion, bundle, rootfs, created, owner, annotations } = state;
    const pid = status === "stopped" ? 0 : state.pid;
    return { ociVersion, id, pid, status, bundle, rootfs, created, annotations, owner };
  });
  if (format === "json") return print(JSON.stringify(found));
  const rows = found.map((one) => [one.id, String(one.pid), one.status, one.bundle, one.created, one.owner]);
  const widths = TITLES.map((_, column) =>
    Math.max(LEAST_WIDTH, ...[TITLES, ...rows].map((row) => (row[column] ?? "").length + GAP)),
  );
  const lines = [TITLES, ...rows].map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join(""),
  );
  return print(`${lines.join("\n")}\n`);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
