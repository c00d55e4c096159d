import { ruleAt, shapeBelow } from "./merge-rules.ts";
import type { Place, Step, Tree } from "./tree.ts";

/**
 * Lays one file's values over another's, as the Compose Specification's "Merge" has it: maps entry by entry, lists one
 * after the other, anything else replaced; merge-rules.ts has what is different where. `!override` replaces whatever it
 * stands on. `!reset` takes an entry away; its mark stays in the result, so that files further down lose the entry too,
 * until withoutResets() clears it. `shape` is where both stand: "", "services.*", ...
 */
export function merge(base: Tree, over: Tree, shape: string): Tree {
  if (over.tag !== undefined || base.tag === "reset") return over;
  const rule = ruleAt(shape);
  if (rule !== undefined) return rule(base, over, shape, mergeMaps);
  // An empty value over something says nothing.
  if (over.kind === "scalar" && over.value === null && base.kind !== "scalar") return base;
  if (base.kind === "map" && over.kind === "map") return mergeMaps(base, over, shape);
  if (base.kind === "list" && over.kind === "list")
    return { ...over, place: overlaid(base, over), items: [...base.items, ...over.items] };
  return { ...over, place: overlaid(base, over) };
}

function mergeMaps(base: Tree, over: Tree, shape: string): Tree {
  if (base.kind !== "map" || over.kind !== "map") return { ...over, place: overlaid(base, over) };
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    entries.set(key, below === undefined ? entry : merge(below, entry, shapeBelow(shape, key)));
  }
  return {
    ...over,
    place: overlaid(base, over),
    entries,
    ...(base.tag === undefined ? {} : { tag: base.tag }),
  };
}

function overlaid({ place: base }: Tree, { place: over }: Tree): Place {
  const spot = { source: base.source, offset: base.key ?? base.value };
  const step: Step = { relation: "merged over", spot };
  return { ...over, trail: [...(over.trail ?? []), step, ...(base.trail ?? [])].slice(0, MAX_STEPS) };
}

/** Nobody reads further back, and a long chain must not cost its square. */
const MAX_STEPS = 4;

/** A copy whose values are told to have come by one step more. */
export function withStep(tree: Tree, step: Step): Tree {
  const place = { ...tree.place, trail: [...(tree.place.trail ?? []), step].slice(0, MAX_STEPS) };
  if (tree.kind === "list") return { ...tree, place, items: tree.items.map((item) => withStep(item, step)) };
  if (tree.kind === "scalar") return { ...tree, place };
  const entries = new Map<string, Tree>();
  for (const [key, entry] of tree.entries) entries.set(key, withStep(entry, step));
  return { ...tree, place, entries };
}

/** Without the entries that `!reset` took away. */
export function withoutResets(tree: Tree): Tree {
  if (tree.kind === "scalar") return tree;
  if (tree.kind === "list") {
    const items = tree.items.filter(isKept).map(withoutResets);
    const same =
      items.length === tree.items.length && items.every((item, index) => item === tree.items[index]);
    return same ? tree : { ...tree, items };
  }
  const entries = new Map<string, Tree>();
  let same = true;
  for (const [key, entry] of tree.entries) {
    const kept = isKept(entry) ? withoutResets(entry) : undefined;
    if (kept !== undefined) entries.set(key, kept);
    same &&= kept === entry;
  }
  return same ? tree : { ...tree, entries };
}

function isKept(tree: Tree): boolean {
  return tree.tag !== "reset";
}
