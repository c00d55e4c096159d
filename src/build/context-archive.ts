import { readFileSync } from "node:fs";
import { FileTree } from "./file-tree.ts";
import { type Ignore, readIgnore } from "./ignore.ts";
import { layerArchive, type LayerMember } from "./layer-archive.ts";

/**
 * The archive of a build context: what is in a folder, without what .dockerignore leaves out, as root's. `keep` names files
 * that go in whatever that says: the Dockerfile. Throws Error for a .dockerignore that is none.
 */
export async function* contextArchive(
  folder: string,
  keep: readonly string[] = [],
): AsyncGenerator<Uint8Array> {
  const tree = new FileTree([{ folder }]);
  const rules = await rulesOf(tree, [...keep.map((path) => `${path}.dockerignore`), ".dockerignore"]);
  const always = new Set([...keep, ...keep.map((path) => `${path}.dockerignore`), ".dockerignore"]);
  yield* layerArchive(await members(tree, "", rules, always));
}

async function rulesOf(tree: FileTree, paths: readonly string[]): Promise<Ignore | undefined> {
  for (const path of paths) {
    const entry = await tree.stat(path);
    if (entry?.kind === "file") return readIgnore(readFileSync(entry.place, "utf8"));
  }
  return undefined;
}

async function members(
  tree: FileTree,
  folder: string,
  ignore: Ignore | undefined,
  always: ReadonlySet<string>,
): Promise<readonly LayerMember[]> {
  const found: LayerMember[] = [];
  for (const name of await tree.list(folder)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const entry = await tree.stat(path);
    if (entry === undefined) continue;
    const { kind, mode, modifiedAt, size, link, device, place } = entry;
    const leftOut = ignore?.excludes(path) === true && !always.has(path);
    const within =
      kind === "folder" && (!leftOut || keepsBelow(path)) ? await members(tree, path, ignore, always) : [];
    if (leftOut && within.length === 0) continue;
    found.push({
      path,
      kind,
      mode,
      uid: 0,
      gid: 0,
      modifiedAt,
      size,
      ...(link === undefined ? {} : { link }),
      ...(device === undefined ? {} : { device }),
      ...(kind === "file" && { data: { place } }),
    });
    for (const member of within) found.push(member);
  }
  return found;

  function keepsBelow(path: string): boolean {
    return ignore?.keepsBelow(path) === true || [...always].some((one) => one.startsWith(`${path}/`));
  }
}
