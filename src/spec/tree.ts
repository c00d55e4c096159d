import type { LineCounter } from "yaml";
import type { Path } from "./path.ts";

/** One file's text, as places in it are told. */
export interface Source {
  /** As shown: relative to the current folder when it lies below it, `-` for standard input. */
  readonly file: string;
  readonly lines: LineCounter;
  /** Where it is included from; absent for a file that was named or found. */
  readonly includedAt?: Spot;
}

/** An offset in UTF-16 units in one of the files. */
export interface Spot {
  readonly source: Source;
  readonly offset: number;
}

/** How a value came to stand where it does, besides being written there. */
export interface Step {
  readonly relation: "merged over" | "extended by";
  readonly spot: Spot;
}

/** Where a value and its key are written. */
export interface Place {
  readonly source: Source;
  readonly value: number;
  /** Absent for list entries. */
  readonly key?: number;
  /** The nearest first. */
  readonly trail?: readonly Step[];
}

interface Located {
  readonly place: Place;
  /** `!reset` takes away what other files say here, `!override` puts this in its place. */
  readonly tag?: "reset" | "override";
  /** It could not be read, which was told; it is not judged further. */
  readonly broken?: boolean;
}

export interface ScalarTree extends Located {
  readonly kind: "scalar";
  readonly value: string | number | boolean | bigint | null;
  /** A number as it is written, which the number itself forgets: `1.10`, `0755`. */
  readonly text?: string;
}

export interface MapTree extends Located {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Tree>;
}

export interface ListTree extends Located {
  readonly kind: "list";
  readonly items: readonly Tree[];
}

/** A file's values, each of which knows where it is written, whatever was merged, extended or included since. */
export type Tree = ScalarTree | MapTree | ListTree;

/** The values alone. */
export function plainOf(tree: Tree): unknown {
  switch (tree.kind) {
    case "scalar":
      return tree.value;
    case "map": {
      const plain: Record<string, unknown> = {};
      for (const [key, entry] of tree.entries) plain[key] = plainOf(entry);
      return plain;
    }
    case "list":
      return tree.items.map(plainOf);
  }
}

/** What stands at a path, or the nearest thing that encloses it, and whether that is the thing itself. */
export function find(root: Tree, path: Path): { readonly tree: Tree; readonly exact: boolean } {
  let tree = root;
  for (const part of path) {
    const next = childOf(tree, part);
    if (next === undefined) return { tree, exact: false };
    tree = next;
  }
  return { tree, exact: true };
}

function childOf(tree: Tree, part: string | number): Tree | undefined {
  if (tree.kind === "map") return tree.entries.get(String(part));
  return tree.kind === "list" && typeof part === "number" ? tree.items[part] : undefined;
}

/** An entry of a map; undefined where there is none, or no map. */
export function entryOf(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === "map" ? tree.entries.get(key) : undefined;
}

export function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === "scalar" && typeof tree.value === "string" ? tree.value : undefined;
}

/** A map with one entry changed, added, or (undefined) taken away. */
export function withEntry(map: MapTree, key: string, entry: Tree | undefined): MapTree {
  const entries = new Map(map.entries);
  if (entry === undefined) entries.delete(key);
  else entries.set(key, entry);
  return { ...map, entries };
}

export function keySpot(place: Place): Spot {
  return { source: place.source, offset: place.key ?? place.value };
}

/** A map that stands for what was written in another form, at the same place. */
export function mapAt(like: Tree, entries: Iterable<readonly [string, Tree]>): MapTree {
  const { place, tag, broken } = like;
  return {
    kind: "map",
    place,
    entries: new Map(entries),
    ...(tag === undefined ? {} : { tag }),
    ...(broken === undefined ? {} : { broken }),
  };
}

export function scalarAt(like: Tree, value: string | null): ScalarTree {
  return { kind: "scalar", place: like.place, value };
}
