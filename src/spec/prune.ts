import type { Path } from "./path.ts";

/**
 * Empties the places that the schema refused, so that the rest can still be judged and every mistake is told at
 * once. The key stays, with undefined behind it: it is wrong, not missing. Of a list the whole goes, since its
 * other entries would move. Changes `value`.
 */
export function prune(value: unknown, refused: readonly Path[]): void {
  for (const path of refused) {
    const list = path.findIndex((part) => typeof part === "number");
    const keys = list === -1 ? path : path.slice(0, list);
    const last = keys.at(-1);
    let parent: unknown = value;
    for (const key of keys.slice(0, -1)) parent = isMap(parent) ? parent[key] : undefined;
    if (last !== undefined && isMap(parent)) parent[last] = undefined;
  }
}

function isMap(value: unknown): value is Record<string | number, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
