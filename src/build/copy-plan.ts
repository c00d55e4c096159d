import { posix } from "node:path";
import type { TarMember } from "../image/tar-header.ts";
import { GantryError } from "../error.ts";
import type { FoundSource } from "./copy-sources.ts";
import type { FileTree, TreeEntry } from "./file-tree.ts";
import { excluding } from "./ignore.ts";
import type { LayerMember } from "./layer-archive.ts";
import type { Owner } from "./users.ts";

/** A file that is copied and lies in no tree: a here-document, a download. */
export interface LooseFile {
  readonly name: string;
  readonly content: Uint8Array | { readonly place: string; readonly size: number };
  readonly mode: number;
  readonly modifiedAt: number;
}

export interface CopyOptions {
  /** As written: one that ends with a slash is a folder. */
  readonly target: string;
  /** Absolute. */
  readonly workingFolder: string;
  /** The image so far; undefined where the copy is to be independent of it. */
  readonly onto: FileTree | undefined;
  /** Of everything that is copied or made. */
  readonly owner?: Owner;
  /** Without an owner: whether files keep theirs, as those of other images do. */
  readonly keepOwners: boolean;
  /** Permission bits of everything that is copied. */
  readonly mode?: number;
  readonly exclude: readonly string[];
  /** Sources keep their folders: `a/b.txt` is copied to `target/a/b.txt`. */
  readonly parents: boolean;
  /** For folders that are made, ms since the epoch. */
  readonly now: number;
}

/**
 * The members of the layer that a copy makes, folders before what is in them. Folders that the image has already come along as
 * they are there, since a layer that only had what is in them would change them. Throws request.invalid where something is in
 * the way.
 */
export async function planCopy(
  from: { readonly tree: FileTree; readonly sources: readonly FoundSource[] } | undefined,
  loose: readonly LooseFile[],
  options: CopyOptions,
): Promise<readonly LayerMember[]> {
  const { onto, owner } = options;
  const members = new Map<string, LayerMember>();
  const written = posix.resolve(options.workingFolder, options.target);
  const target = await resolved(onto, written.slice(1));
  const count = (from?.sources.length ?? 0) + loose.length;
  const isFolder =
    /(?:^|\/)\.{0,2}$/.test(options.target) ||
    target.entry?.kind === "folder" ||
    count > 1 ||
    options.parents ||
    target.path === "";

  /** A folder of the image, links followed, with all above it. */
  async function folder(path: string): Promise<string> {
    if (path === "") return "";
    const above = await folder(posix.dirname(path) === "." ? "" : posix.dirname(path));
    const here = above === "" ? posix.basename(path) : `${above}/${posix.basename(path)}`;
    if (members.get(here)?.kind === "folder") return here;
    const found = await resolved(onto, here);
    if (found.path !== here) return await folder(found.path);
    if (found.entry !== undefined && found.entry.kind !== "folder") throw inTheWay(here);
    members.set(here, found.entry === undefined ? made(here) : asItIs(found.entry));
    return here;
  }

  function made(path: string): LayerMember {
    const { uid = 0, gid = 0 } = owner ?? {};
    return { path, kind: "folder", mode: 0o755, uid, gid, modifiedAt: options.now, size: 0 };
  }

  async function put(entry: TreeEntry, path: string): Promise<void> {
    if (path === "") return;
    const there = await onto?.stat(path);
    const wasFolder = there?.kind === "folder";
    if (there !== undefined && entry.kind === "folder" && !wasFolder) throw inTheWay(path);
    if (there !== undefined && entry.kind !== "folder" && wasFolder) throw inTheWay(path);
    members.set(path, await memberOf(entry, path, from?.tree, options));
  }

  async function all(
    entry: TreeEntry,
    to: string,
    relative: string,
    excludes: (path: string) => boolean,
  ): Promise<void> {
    for (const name of await (from?.tree.list(entry.path) ?? [])) {
      const below = await from?.tree.stat(entry.path === "" ? name : `${entry.path}/${name}`);
      const path = relative === "" ? name : `${relative}/${name}`;
      if (below === undefined) continue;
      const leftOut = excludes(path);
      const place = to === "" ? name : `${to}/${name}`;
      if (!leftOut) await put(below, place);
      if (below.kind === "folder" && !leftOut) await all(below, place, path, excludes);
    }
  }

  const ignore = excluding(options.exclude);
  const excludes =
    options.exclude.length === 0 ? () => false : (path: string): boolean => ignore.excludes(path);
  for (const { entry, name, kept } of from?.sources ?? []) {
    if (excludes(options.parents ? kept : posix.basename(name)) && entry.kind !== "folder") continue;
    if (options.parents) {
      const base = await folder(target.path);
      const place = join(base, kept);
      await copyParents(entry, kept, base);
      if (entry.kind === "folder") await all(entry, place, kept, excludes);
      else await put(entry, place);
    } else if (entry.kind === "folder") {
      const base = await folder(target.path);
      // The folder's own mode and owner become those of a target that is not there yet.
      if (target.entry === undefined && base !== "") await put(entry, base);
      await all(entry, base, "", excludes);
    } else {
      const base = isFolder ? await folder(target.path) : await folder(parentOf(target.path));
      await put(entry, join(base, isFolder ? posix.basename(name) : posix.basename(target.path)));
    }
  }
  for (const file of loose) {
    const base = isFolder ? await folder(target.path) : await folder(parentOf(target.path));
    const path = join(base, isFolder ? file.name : posix.basename(target.path));
    if ((await onto?.stat(path))?.kind === "folder") throw inTheWay(path);
    members.set(path, looseMember(file, path, options));
  }
  return [...members.values()].sort((a, b) => (a.path < b.path ? -1 : 1));

  /** The folders that --parents keeps, as they are in the source. */
  async function copyParents(entry: TreeEntry, name: string, base: string): Promise<void> {
    const parts = name.split("/");
    const depth = entry.kind === "folder" ? parts.length : parts.length - 1;
    for (let length = 1; length <= depth; length++) {
      const path = join(base, parts.slice(0, length).join("/"));
      const source = length === parts.length ? entry : undefined;
      const above = source ?? (await from?.tree.resolve(sourcePath(entry, parts.length - length)))?.entry;
      if (above?.kind === "folder" && (await onto?.stat(path)) === undefined) await put(above, path);
      else await folder(path);
    }
  }
}

/** So many folders above an entry. */
function sourcePath({ path }: TreeEntry, levels: number): string {
  return path
    .split("/")
    .slice(0, -levels || undefined)
    .join("/");
}

function parentOf(path: string): string {
  return path.includes("/") ? posix.dirname(path) : "";
}

function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

async function resolved(
  tree: FileTree | undefined,
  path: string,
): Promise<{ readonly path: string; readonly entry: TreeEntry | undefined }> {
  return tree === undefined ? { path: path.replace(/\/+$/, ""), entry: undefined } : await tree.resolve(path);
}

function asItIs({ path, mode, uid, gid, modifiedAt }: TreeEntry): LayerMember {
  return { path, kind: "folder", mode, uid, gid, modifiedAt, size: 0 };
}

async function memberOf(
  entry: TreeEntry,
  path: string,
  tree: FileTree | undefined,
  { owner, keepOwners, mode }: CopyOptions,
): Promise<LayerMember> {
  const { kind, size, link, device, place } = entry;
  const { uid, gid } = owner ?? (keepOwners ? entry : { uid: 0, gid: 0 });
  const attributes = await tree?.attributes(entry);
  return {
    path,
    kind,
    mode: kind === "link" ? 0o777 : (mode ?? entry.mode),
    uid,
    gid,
    modifiedAt: entry.modifiedAt,
    size,
    ...(link === undefined ? {} : { link }),
    ...(device === undefined ? {} : { device }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(kind === "file" && { data: { place } }),
  } satisfies TarMember & LayerMember;
}

function looseMember(file: LooseFile, path: string, { owner, mode }: CopyOptions): LayerMember {
  const { uid = 0, gid = 0 } = owner ?? {};
  const { content } = file;
  return {
    path,
    kind: "file",
    mode: mode ?? file.mode,
    uid,
    gid,
    modifiedAt: file.modifiedAt,
    size: content instanceof Uint8Array ? content.length : content.size,
    data: content instanceof Uint8Array ? content : { place: content.place },
  };
}

function inTheWay(path: string): GantryError {
  return new GantryError("request.invalid", `cannot copy: /${path} is something else in the image already`);
}
