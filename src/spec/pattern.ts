import type { Path } from "./path.ts";

/** The paths in `value` that a pattern means: `services.*.ports.[]`, `*` being any key and `[]` any list entry. */
export function matches(value: unknown, pattern: string): Iterable<Path> {
  return walk(value, pattern.split("."), []);
}

function* walk(value: unknown, pattern: readonly string[], path: Path): Generator<Path> {
  const [part, ...rest] = pattern;
  if (part === undefined) yield path;
  else if (part === "[]") {
    if (!Array.isArray(value)) return;
    for (const [index, entry] of value.entries()) yield* walk(entry, rest, [...path, index]);
  } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const key of part === "*" ? Object.keys(value) : [part]) {
      if (Object.hasOwn(value, key))
        yield* walk((value as Record<string, unknown>)[key], rest, [...path, key]);
    }
  }
}
