import { lstat, readdir, readlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { COPIED, FOLDERS, FRESH_FILES, LINKS, PROGRAM_FOLDERS } from "./host-etc.ts";

/** One thing in the host image's own layer. Paths are relative to the root. */
export type HostEntry =
  | { readonly kind: "folder"; readonly path: string; readonly mode: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "file"; readonly path: string; readonly content: string }
  /** `stamp` changes when the host's file does. */
  | { readonly kind: "copy"; readonly path: string; readonly mode: number; readonly stamp: string };

export interface HostPlan {
  /** Folders before what is in them. */
  readonly entries: readonly HostEntry[];
  /** Folders of the host to show, relative to the root: `usr`, and `bin` ... where those are real folders. */
  readonly shown: readonly string[];
}

/** Looks at the host, and says what the host image's layer is to hold. Always the same for the same host. */
export async function planHostImage(hostRoot: string): Promise<HostPlan> {
  const folders = Object.entries(FOLDERS).map(([path, mode]): HostEntry => ({ kind: "folder", path, mode }));
  const links = Object.entries(LINKS).map(([path, target]): HostEntry => ({ kind: "link", path, target }));
  const files = Object.entries(FRESH_FILES).map(([path, content]): HostEntry => ({
    kind: "file",
    path,
    content,
  }));
  const programs: HostEntry[] = [];
  const shown = ["usr"];
  for (const path of PROGRAM_FOLDERS) {
    const status = await lstat(join(hostRoot, path)).catch(() => undefined);
    if (status?.isSymbolicLink() === true) {
      programs.push({ kind: "link", path, target: await readlink(join(hostRoot, path)) });
    } else if (status?.isDirectory() === true) {
      programs.push({ kind: "folder", path, mode: 0o755 });
      shown.push(path);
    }
  }
  const copied: HostEntry[] = [];
  const made = new Set(Object.keys(FOLDERS));
  await Promise.all(
    (await matching(hostRoot)).map(async (path) => {
      if (await addCopies(hostRoot, path, copied)) addParents(path, made, copied);
    }),
  );
  // Sorted, so that a folder comes before what is in it and the same host gives the same plan.
  const inOrder = [...folders, ...programs, ...copied].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { entries: [...inOrder, ...links, ...files], shown };
}

/** The names of COPIED, with `*` resolved; they may be missing. */
async function matching(hostRoot: string): Promise<readonly string[]> {
  const names: readonly string[] = await readdir(join(hostRoot, "etc")).catch(() => []);
  return COPIED.flatMap((pattern) =>
    pattern.endsWith("*") ? names.filter((name) => name.startsWith(pattern.slice(0, -1))) : [pattern],
  ).map((name) => `etc/${name}`);
}

/** The folders on the way to a copied name that is deeper than /etc. */
function addParents(path: string, made: Set<string>, entries: HostEntry[]): void {
  for (let parent = dirname(path); !made.has(parent); parent = dirname(parent)) {
    made.add(parent);
    entries.push({ kind: "folder", path: parent, mode: 0o755 });
  }
}

/** Adds a file, link or tree of the host. Returns false when there is nothing that everybody may read. */
async function addCopies(hostRoot: string, path: string, entries: HostEntry[]): Promise<boolean> {
  const from = join(hostRoot, path);
  const status = await lstat(from).catch(() => undefined);
  if (status === undefined) return false;
  if (status.isSymbolicLink()) {
    entries.push({ kind: "link", path, target: await readlink(from) });
    return true;
  }
  if ((status.mode & 0o004) === 0) return false;
  if (status.isFile()) {
    const mode = status.mode & 0o755;
    entries.push({ kind: "copy", path, mode, stamp: `${status.size}-${status.mtimeMs}-${status.ino}` });
    return true;
  }
  if (!status.isDirectory() || (status.mode & 0o001) === 0 || basename(path) === "private") return false;
  entries.push({ kind: "folder", path, mode: 0o755 });
  const names = await readdir(from);
  await Promise.all(names.map(async (name) => await addCopies(hostRoot, join(path, name), entries)));
  return true;
}
