import type { Path } from "./path.ts";
import type { Report } from "./report.ts";

/** `environment` and `labels`, once the schema has passed them: a map, or a list of `name=value`. */
export type Pairs =
  Readonly<Record<string, string | number | boolean | null | undefined>> | readonly string[];

/**
 * Name and value of every pair. Numbers keep the text they are written with (`1.10`, `007`), truth values become
 * `true` and `false`. A name without a value gets `missing(name)`, and is left out where that is undefined.
 */
export function readPairs(
  pairs: Pairs | undefined,
  path: Path,
  report: Report,
  missing: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const result = new Map<string, string>();
  const add = (name: string, value: string | undefined, where: Path) => {
    if (name === "") report.error(where, "the name before = is empty");
    else if (name.includes("=")) report.error(where, "a name cannot contain =", "key");
    else if (name === "__proto__") report.error(where, '"__proto__" cannot be a name');
    else if (value !== undefined) result.set(name, value);
  };
  if (isList(pairs)) {
    for (const [index, entry] of pairs.entries()) {
      const equals = entry.indexOf("=");
      const name = equals === -1 ? entry : entry.slice(0, equals);
      add(name, equals === -1 ? missing(name) : entry.slice(equals + 1), [...path, index]);
    }
  } else {
    for (const [name, value] of Object.entries(pairs ?? {})) {
      const where = [...path, name];
      // The schema refused it, and said so.
      if (value === undefined) continue;
      add(name, value === null ? missing(name) : (report.writtenNumber(where) ?? String(value)), where);
    }
  }
  return Object.fromEntries(result);
}

function isList(pairs: Pairs | undefined): pairs is readonly string[] {
  return Array.isArray(pairs);
}
