import type { Mount } from "./project.ts";
import { readMode } from "./mode.ts";
import { readTarget } from "./mount.ts";
import { InvalidValue } from "./report.ts";
import { readInteger } from "./scalar.ts";
import { readBytes } from "./size.ts";

type Tmpfs = Extract<Mount, { type: "tmpfs" }>;

const MAX_ID = 2 ** 32 - 2;
/** What holds anyway, or says nothing to the kernel: no tmpfs has device nodes, and nothing is written at access. */
const WITHOUT_EFFECT = new Set(["rw", "noexec", "nosuid", "nodev", "noatime", "nodiratime", "relatime"]);

/** One entry of `tmpfs`: `/path` or `/path:size=64m,mode=1777,uid=1000,exec` (tmpfs(5)). Throws InvalidValue. */
export function readTmpfs(text: string): Tmpfs {
  const colon = text.indexOf(":");
  const target = readTarget(colon === -1 ? text : text.slice(0, colon));
  let mount: Tmpfs = { type: "tmpfs", target };
  for (const option of colon === -1 ? [] : text.slice(colon + 1).split(",")) {
    const [name = "", value = ""] = option.split("=", 2);
    mount = { ...mount, ...readOption(option, name, value) };
  }
  return mount;
}

function readOption(option: string, name: string, value: string): Partial<Tmpfs> {
  if (WITHOUT_EFFECT.has(option)) return {};
  switch (name) {
    case "size":
      return { sizeBytes: readBytes(value) };
    case "mode":
      return { mode: readMode(value) };
    case "uid":
      return { uid: readInteger(value, 0, MAX_ID) };
    case "gid":
      return { gid: readInteger(value, 0, MAX_ID) };
    case "nr_inodes":
      return { inodes: readInteger(value, 1, Number.MAX_SAFE_INTEGER) };
  }
  if (option === "ro") return { readOnly: true };
  if (option === "exec") return { exec: true };
  if (option === "suid") return { suid: true };
  throw new InvalidValue(
    `unknown tmpfs option "${option}" (known are size, mode, uid, gid, nr_inodes, ro, exec and suid)`,
  );
}
