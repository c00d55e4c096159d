import { posix } from "node:path";
import { GantryError } from "../error.ts";

/** One side of a copy. */
export interface Endpoint {
  /** Undefined: this machine. */
  readonly container?: string;
  readonly path: string;
}

/** `CONTAINER:PATH`, or a path here; one that begins with `.` or `/` is always one here, as docker has it. */
export function endpoint(text: string): Endpoint {
  const colon = text.indexOf(":");
  if (colon < 1 || text.startsWith("/") || text.startsWith(".")) return { path: text };
  return { container: text.slice(0, colon), path: text.slice(colon + 1) || "/" };
}

/** What is there already; undefined where nothing is. */
export interface Found {
  readonly folder: boolean;
}

/** Where an archive of the source is to be unpacked, and what its topmost entry is to be called there. */
export interface CopyTarget {
  readonly folder: string;
  /** `.`: the entries lie in the folder itself. */
  readonly name: string;
}

/**
 * Docker's rules for where a copy goes: into a folder that is there, else under the new name; a source that ends in
 * `/.` is what the folder holds. Throws request.invalid for a folder onto a file, and for a file to `missing/`.
 */
export function copyTarget(
  source: { readonly path: string; readonly folder: boolean },
  target: { readonly path: string; readonly found: Found | undefined },
): CopyTarget {
  const { path, found } = target;
  const contents = isContents(source.path);
  if (found?.folder === true) return { folder: path, name: contents ? "." : lastName(source.path) };
  if (found !== undefined && source.folder)
    throw new GantryError("request.invalid", `cannot copy a folder onto a file: ${path}`);
  if ((found !== undefined || !source.folder) && path.endsWith("/"))
    throw new GantryError("request.invalid", `there is no folder ${path}`);
  return { folder: posix.dirname(path), name: lastName(path) };
}

/** Whether a path means what a folder holds, and not the folder. */
export function isContents(path: string): boolean {
  return path === "." || path.endsWith("/.");
}

/** The last component, without slashes; of `dir/.` and `/` it is `.`. */
export function lastName(path: string): string {
  return isContents(path) ? "." : posix.basename(path) || ".";
}

/** An entry's name with its topmost component exchanged: `site/a` for `site` and `www` is `www/a`. */
export function renamed(entry: string, from: string, to: string): string {
  if (from === to) return entry;
  const clean = entry.replace(/^\.\//, "");
  const rest = from === "." ? clean : clean === from ? "" : clean.slice(from.length + 1);
  return posix.join(to, rest);
}
