import type { Path } from "./path.ts";

/** Patterns such as `services.*.ports.[]`, `*` being any key and `[]` any list entry, joined where they begin alike. */
export interface Patterns {
  /** The pattern that ends here. */
  readonly whole?: string;
  readonly next: ReadonlyMap<string, Patterns>;
}

export interface Match {
  readonly pattern: string;
  readonly path: Path;
}

export function joinPatterns(patterns: readonly string[]): Patterns {
  return join(patterns.map((whole) => ({ whole, rest: whole.split(".") })));
}

/** The places in `value` that the patterns mean, in one walk however many patterns there are. */
export function matches(value: unknown, patterns: Patterns): Iterable<Match> {
  return walk(value, patterns, []);
}

function join(left: readonly { readonly whole: string; readonly rest: readonly string[] }[]): Patterns {
  const ends = left.find(({ rest }) => rest.length === 0);
  const heads = new Set(left.flatMap(({ rest: [head] }) => (head === undefined ? [] : [head])));
  const next = new Map<string, Patterns>();
  for (const head of heads) {
    const below = left.filter(({ rest }) => rest[0] === head);
    next.set(head, join(below.map(({ whole, rest }) => ({ whole, rest: rest.slice(1) }))));
  }
  return { ...(ends === undefined ? {} : { whole: ends.whole }), next };
}

function* walk(value: unknown, { whole, next }: Patterns, path: Path): Generator<Match> {
  if (whole !== undefined) yield { pattern: whole, path };
  if (next.size === 0 || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const below = next.get("[]");
    if (below === undefined) return;
    for (const [index, entry] of value.entries()) yield* walk(entry, below, [...path, index]);
    return;
  }
  const map = value as Readonly<Record<string, unknown>>;
  for (const [part, below] of next) {
    if (part === "*")
      for (const [key, entry] of Object.entries(map)) yield* walk(entry, below, [...path, key]);
    else if (Object.hasOwn(map, part)) yield* walk(map[part], below, [...path, part]);
  }
}
