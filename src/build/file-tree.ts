import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import type { LayerSpecials } from "../image/layer-specials.ts";
import type { MemberKind } from "../image/tar-header.ts";

/** Something in a tree: what it is, and where it lies on this machine. */
export interface TreeEntry {
  /** Relative to the tree's root, without `.` and `..`; "" for the root itself. */
  readonly path: string;
  readonly kind: Exclude<MemberKind, "hardlink">;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
  readonly size: number;
  /** Where a symbolic link leads. */
  readonly link?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Absolute path on this machine. */
  readonly place: string;
  readonly layer: number;
}

export interface TreeLayer {
  /** Absolute folder. */
  readonly folder: string;
  /** Undefined where there can be none: a build context. */
  readonly specials?: () => Promise<LayerSpecials>;
  /** Only this much of it is part of the tree: folders of the host's that its image shows. */
  readonly within?: readonly string[];
  /** What of it is no part of the tree: what .dockerignore leaves out. */
  readonly hides?: (path: string, isFolder: boolean) => boolean;
}

const KINDS: readonly (readonly [MemberKind, (stat: Stats) => boolean])[] = [
  ["file", (stat) => stat.isFile()],
  ["folder", (stat) => stat.isDirectory()],
  ["link", (stat) => stat.isSymbolicLink()],
  ["fifo", (stat) => stat.isFIFO()],
  ["character", (stat) => stat.isCharacterDevice()],
  ["block", (stat) => stat.isBlockDevice()],
];
const MOST_LINKS = 40;

/**
 * Folders over one another as overlayfs shows them, read without a mount. Anybody may have written what is in them: no path
 * is ever handed to the kernel with a link in its middle, since each folder on the way was looked at before. That holds
 * because nobody changes them meanwhile.
 */
export class FileTree {
  /** Topmost first. */
  readonly #layers: readonly TreeLayer[];
  /** The folders that make up a folder of the tree, topmost first: indices of layers. */
  readonly #parts = new Map<string, readonly number[]>();

  constructor(layers: readonly TreeLayer[]) {
    this.#layers = layers;
    this.#parts.set("", [...layers.keys()]);
  }

  /** What is at a path, the last name not followed. Undefined when nothing is, or something on the way is no folder. */
  async stat(path: string): Promise<TreeEntry | undefined> {
    if (path === "") return this.#root();
    const cut = path.lastIndexOf("/");
    const parent = cut < 0 ? "" : path.slice(0, cut);
    const parts = await this.#partsOf(parent);
    for (const layer of parts ?? []) {
      const entry = this.#look(layer, path);
      if (entry === "hidden") return undefined;
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** Names in a folder, sorted; none for what is no folder. */
  async list(path: string): Promise<readonly string[]> {
    const names = new Set<string>();
    const hidden = new Set<string>();
    for (const layer of (await this.#partsOf(path)) ?? []) {
      for (const name of this.#names(layer, path)) {
        if (name.includes("\uFFFD"))
          throw new GantryError(
            "image.invalid",
            `${join("/", path)} holds a name that is not UTF-8: ${name}`,
          );
        if (names.has(name) || hidden.has(name)) continue;
        const below = path === "" ? name : `${path}/${name}`;
        if (this.#look(layer, below) === "hidden") hidden.add(name);
        else names.add(name);
      }
    }
    return [...names].sort();
  }

  /** Attributes of an entry. */
  async attributes(entry: TreeEntry): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    const specials = await this.#layers[entry.layer]?.specials?.();
    return specials?.attributes.get(entry.path);
  }

  /**
   * Follows links, each as it leads inside the tree. `path` is where that ends, whether or not anything is there: what is
   * missing is taken as it is written. `last` says whether a link at the end is followed too. Throws request.invalid for a
   * circle of links.
   */
  async resolve(
    path: string,
    options: { readonly last: boolean } = { last: true },
  ): Promise<{ readonly path: string; readonly entry: TreeEntry | undefined }> {
    let left = path.split("/");
    let done: string[] = [];
    for (let links = 0; left.length > 0;) {
      const [name = "", ...rest] = left;
      left = rest;
      if (name === "" || name === ".") continue;
      if (name === "..") {
        done.pop();
        continue;
      }
      const here = [...done, name].join("/");
      const entry = await this.stat(here);
      const isLast = left.every((one) => one === "" || one === ".");
      if (entry?.kind !== "link" || (isLast && !options.last)) {
        done.push(name);
        continue;
      }
      links += 1;
      if (links > MOST_LINKS)
        throw new GantryError("request.invalid", `${join("/", path)} leads through a circle of links`);
      const target = entry.link ?? "";
      if (target.startsWith("/")) done = [];
      left = [...target.split("/"), ...left];
    }
    const found = done.join("/");
    return { path: found, entry: await this.stat(found) };
  }

  #root(): TreeEntry | undefined {
    const layer = this.#layers.findIndex(({ within }) => within === undefined);
    const found = layer < 0 ? undefined : this.#look(layer, "");
    return found === "hidden" ? undefined : found;
  }

  async #partsOf(path: string): Promise<readonly number[] | undefined> {
    const known = this.#parts.get(path);
    if (known !== undefined) return known;
    const cut = path.lastIndexOf("/");
    const above = await this.#partsOf(cut < 0 ? "" : path.slice(0, cut));
    const parts: number[] = [];
    for (const layer of above ?? []) {
      const entry = this.#look(layer, path);
      if (entry === undefined) continue;
      if (entry === "hidden" || entry.kind !== "folder") break;
      // Only asked where there is something it could hide.
      const upper = parts.at(-1);
      if (upper !== undefined && (await this.#isOpaque(upper, path))) break;
      parts.push(layer);
    }
    if (parts.length === 0) return undefined;
    this.#parts.set(path, parts);
    return parts;
  }

  async #isOpaque(layer: number, path: string): Promise<boolean> {
    return (await this.#layers[layer]?.specials?.())?.opaque.has(path) === true;
  }

  #names(layer: number, path: string): readonly string[] {
    const { within } = this.#layers[layer] ?? {};
    if (within === undefined || within.some((one) => `${path}/`.startsWith(`${one}/`)))
      return readdirSync(this.#place(layer, path));
    return within.filter((one) => !one.includes("/") && path === "");
  }

  #place(layer: number, path: string): string {
    return join(this.#layers[layer]?.folder ?? "", path);
  }

  /** In one layer, whose folder above `path` is known to be one. `hidden`: a whiteout. */
  #look(layer: number, path: string): TreeEntry | "hidden" | undefined {
    const { within, hides } = this.#layers[layer] ?? {};
    if (within !== undefined && !within.some((one) => `${path}/`.startsWith(`${one}/`))) return undefined;
    const place = this.#place(layer, path);
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    const kind = KINDS.find(([, is]) => is(stat))?.[0];
    if (kind === undefined || kind === "hardlink") return "hidden"; // a socket: no archive holds one
    if (kind === "character" && stat.rdev === 0) return "hidden";
    if (hides?.(path, kind === "folder") === true) return "hidden";
    return {
      path,
      kind,
      mode: stat.mode & 0o7777,
      uid: stat.uid,
      gid: stat.gid,
      modifiedAt: stat.mtimeMs,
      size: kind === "file" ? stat.size : 0,
      ...(kind === "link" && { link: readlinkSync(place) }),
      ...((kind === "character" || kind === "block") && { device: deviceOf(stat.rdev) }),
      place,
      layer,
    };
  }
}

/** makedev(3), as glibc has it. */
function deviceOf(rdev: number): { readonly major: number; readonly minor: number } {
  const number = BigInt(rdev);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn);
  const minor = (number & 0xffn) | ((number >> 12n) & ~0xffn);
  return { major: Number(major), minor: Number(minor & 0xffffffffn) };
}
