import type { Parsed } from "../command-line.ts";
import { publicState, readState, statusOf } from "../state-folder.ts";
import type { Globals } from "../verbs.ts";

/** `state ID`: what runtime.md "State" asks for, and what runc's callers read besides. */
export async function state({ root }: Globals, parsed: Parsed): Promise<number> {
  const found = readState(root, parsed.words[0] ?? "");
  const status = statusOf(root, found);
  const { rootfs, created, owner } = found;
  const shown = { ...publicState(found, status), pid: status === "stopped" ? 0 : found.pid };
  const text = JSON.stringify({ ...shown, rootfs, created, owner }, undefined, 2);
  process.stdout.write(`${text}\n`);
  return 0;
}
