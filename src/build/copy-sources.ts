import { posix } from "node:path";
import { messageOf } from "../error.ts";
import { fault, type Place } from "./dockerfile/instruction.ts";
import { filePattern, isPattern } from "./file-pattern.ts";
import type { FileTree, TreeEntry } from "./file-tree.ts";

/** What a source of COPY means: something in a tree, and by what name it was found. */
export interface FoundSource {
  /** Links followed. */
  readonly entry: TreeEntry;
  /** As it is called in the tree, links not followed: what it is copied as. */
  readonly name: string;
  /** What of the name --parents keeps: all of it, or what stands after a `/./`. */
  readonly kept: string;
}

/**
 * What the sources of COPY and ADD mean in a tree, in order; a pattern means all that match, sorted. Throws spec.invalid for
 * one that means nothing.
 */
export async function findSources(
  tree: FileTree,
  sources: readonly string[],
  place: Place,
  where: string,
): Promise<readonly FoundSource[]> {
  const found: FoundSource[] = [];
  for (const source of sources) {
    const path = posix.resolve("/", source).slice(1);
    const names = isPattern(path) ? await matching(tree, path, place) : [path];
    const pivot = source.lastIndexOf("/./");
    const dropped =
      pivot < 0 ? 0 : posix.resolve("/", source.slice(0, pivot)).split("/").filter(Boolean).length;
    const before = found.length;
    for (const name of names) {
      const { entry } = await tree.resolve(name);
      if (entry !== undefined) found.push({ entry, name, kept: name.split("/").slice(dropped).join("/") });
    }
    if (found.length === before && !isPattern(path))
      throw fault(place, `${source} is not in ${where}`, "look at the path, and at .dockerignore");
  }
  if (found.length === 0)
    throw fault(
      place,
      `nothing in ${where} matches ${sources.join(" ")}`,
      "look at the pattern, and at .dockerignore",
    );
  return found;
}

/** Paths that a pattern matches, name by name. */
async function matching(tree: FileTree, pattern: string, place: Place): Promise<readonly string[]> {
  let paths = [""];
  for (const part of pattern.split("/")) {
    const next: string[] = [];
    for (const path of paths) {
      const { path: folder, entry } = await tree.resolve(path);
      if (entry?.kind !== "folder") continue;
      const matches = matcher(part, place);
      const names = isPattern(part) ? (await tree.list(folder)).filter((name) => matches.test(name)) : [part];
      for (const name of names) next.push(path === "" ? name : `${path}/${name}`);
    }
    paths = next;
  }
  return paths.sort();
}

function matcher(part: string, place: Place): RegExp {
  try {
    return filePattern(part, { doubleStar: false });
  } catch (error) {
    throw fault(place, messageOf(error));
  }
}
