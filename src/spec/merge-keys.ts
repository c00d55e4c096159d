import { readPorts } from "./port.ts";
import type { PortMap } from "./port.ts";
import { InvalidValue } from "./report.ts";
import { plainOf } from "./tree.ts";
import type { Tree } from "./tree.ts";

/** What tells apart the entries of the lists that Compose merges by key. Entries may be wrong: nothing is refused here. */

export function fullText(entry: Tree): string {
  return entry.kind === "scalar" ? (entry.text ?? String(entry.value)) : JSON.stringify(plainOf(entry));
}

/** `/tmp` of `/tmp:size=64m`. */
export function nameBeforeEquals(entry: Tree): string {
  return fullText(entry).split(":")[0] ?? "";
}

/** Where a mount goes, however it is written. */
export function mountTarget(entry: Tree): string {
  if (entry.kind === "map") return fieldOf(entry, "target");
  const [first = "", second] = fullText(entry).split(":");
  return trimmed(second ?? first);
}

export function deviceTarget(entry: Tree): string {
  if (entry.kind === "map") return fieldOf(entry, "target");
  const [first = "", second] = fullText(entry).split(":");
  return second ?? first;
}

/** Where a config or a secret goes. */
export function fileTarget(folder: string): (entry: Tree) => string {
  return (entry) => {
    if (entry.kind !== "map") return `${folder}/${fullText(entry)}`;
    const target = entry.entries.get("target");
    if (target === undefined) return `${folder}/${fieldOf(entry, "source")}`;
    const text = fullText(target);
    return text.startsWith("/") ? text : `${folder}/${text}`;
  };
}

/** The file of an `env_file` entry. */
export function pathOfFile(entry: Tree): string {
  return entry.kind === "map" ? fieldOf(entry, "path") : fullText(entry);
}

/** All that a published port says, so that `80:80` and its long form are one. */
export function portKey(entry: Tree): string {
  try {
    const ports = readPorts(plainOf(entry) as string | number | PortMap);
    return ports
      .map(({ hostIp, hostPort, containerPort, protocol }) =>
        [hostIp ?? "", hostPort, containerPort, protocol].join(" "),
      )
      .join(",");
  } catch (error) {
    // What is no port at all is told when the service is read.
    if (error instanceof InvalidValue || error instanceof TypeError) return fullText(entry);
    throw error;
  }
}

function fieldOf(entry: Tree, key: string): string {
  const field = entry.kind === "map" ? entry.entries.get(key) : undefined;
  return field === undefined ? fullText(entry) : trimmed(fullText(field));
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}
