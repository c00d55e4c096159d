import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Alias, Document, Node, Scalar, YAMLMap } from "yaml";
import { MAX_DEPTH } from "./document.ts";
import type { Path } from "./path.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import type { Place, Source, Tree } from "./tree.ts";

/** What aliases, merge keys and includes multiply is bounded by these, so that short files cannot fill the memory. */
export const MAX_VALUES = 250_000;
const MAX_TEXT = 64 * 1024 * 1024;

/** What a project's files have used up together. */
export interface Budget {
  values: number;
  text: number;
}

/** Replaces the variables in one text; throws InvalidValue. `unset` is told of each that has no value. */
export type Expand = (text: string, unset: (name: string) => void) => string;

/**
 * The document as values that know their places, every string interpolated, aliases and merge keys (`<<`) followed.
 * Errors (duplicate keys, unknown or circular aliases, bad variables, NUL characters) go to the report, once each.
 * Undefined when the files outgrow their limits.
 */
export function resolveDocument(
  { document, source }: { readonly document: Document; readonly source: Source },
  report: Report,
  expand: Expand,
  budget: Budget = { values: 0, text: 0 },
): Tree | undefined {
  try {
    return new Resolver(document, source, report, expand, budget).resolve(document.contents, []);
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
}

class TooLarge extends Error {}

class Resolver {
  readonly #source: Source;
  readonly #report: Report;
  readonly #expand: Expand;
  readonly #budget: Budget;
  readonly #anchors: ReadonlyMap<Alias, Node>;
  /** Targets of the aliases being followed right now. */
  readonly #open = new Set<Node>();

  constructor(document: Document, source: Source, report: Report, expand: Expand, budget: Budget) {
    this.#source = source;
    this.#report = report;
    this.#expand = expand;
    this.#budget = budget;
    this.#anchors = anchorsOf(document);
  }

  resolve(node: unknown, path: Path, key?: number): Tree {
    if (isAlias(node)) {
      const broken = { kind: "scalar", value: null, place: this.#place(offsetOf(node) ?? 0, key) } as const;
      const followed = this.#follow(node, path, (target) => this.resolve(target, path, key));
      return followed ?? { ...broken, broken: true };
    }
    const offset = offsetOf(node) ?? key ?? 0;
    this.#count(offset, path);
    if (isScalar(node)) return this.#scalar(node, path, offset, key);
    const place = this.#place(offset, key);
    const tag = tagOf(node);
    if (isMap(node)) {
      const entries = new Map<string, Tree>();
      this.#collect(node, path, entries);
      return { kind: "map", place, entries, ...tag };
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.resolve(item, [...path, index]));
      return { kind: "list", place, items, ...tag };
    }
    return { kind: "scalar", place, value: null };
  }

  #place(value: number, key: number | undefined): Place {
    return key === undefined ? { source: this.#source, value } : { source: this.#source, value, key };
  }

  #scalar(node: Scalar, path: Path, offset: number, key: number | undefined): Tree {
    const value = node.value as string | number | boolean | bigint | null;
    // `ports:` with nothing behind it has no place of its own worth pointing at.
    const empty = node.range !== null && node.range !== undefined && node.range[0] === node.range[1];
    const place = this.#place(empty ? (key ?? offset) : offset, key);
    const tag = tagOf(node);
    if (typeof value === "number")
      return { kind: "scalar", place, value, text: node.source ?? String(value), ...tag };
    if (typeof value !== "string") return { kind: "scalar", place, value, ...tag };
    // A tag of its own keeps the parser from seeing that nothing is said.
    if (tag.tag !== undefined && node.type === "PLAIN" && /^(null|~|)$/i.test(value))
      return { kind: "scalar", place, value: null, ...tag };
    const text = this.#string(value, path, offset);
    return {
      kind: "scalar",
      place,
      value: text ?? value,
      ...tag,
      ...(text === undefined ? { broken: true } : {}),
    };
  }

  /** Undefined if it cannot be read. */
  #string(value: string, path: Path, offset: number): string | undefined {
    try {
      if (value.includes("\0")) throw new InvalidValue("contains a NUL character");
      const unset = (name: string) =>
        this.#say("warning", offset, path, `the variable ${name} is not set, using an empty value`);
      const expanded = value.includes("$") ? this.#expand(value, unset) : value;
      this.#budget.text += expanded.length;
      if (this.#budget.text > MAX_TEXT)
        this.#refuse(offset, path, "the file is too large once its variables are replaced");
      return expanded;
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      this.#say("error", offset, path, error.message);
      return undefined;
    }
  }

  /** A map's own keys first, then what its merge keys add: own keys win, and earlier merges over later ones. */
  #collect(map: YAMLMap, path: Path, entries: Map<string, Tree>): void {
    const own = new Map<string, number>();
    const merges: { readonly node: unknown; readonly offset: number }[] = [];
    for (const pair of map.items) {
      const key = this.#key(pair.key, path);
      if (key === undefined) continue;
      const { name, offset } = key;
      if (name === "<<" && isScalar(pair.key) && pair.key.type === "PLAIN") {
        merges.push({ node: pair.value, offset });
        continue;
      }
      if (own.has(name)) {
        this.#say("error", offset, [...path, name], "this key appears twice in the same map");
        continue;
      }
      own.set(name, offset);
      if (entries.has(name)) continue;
      entries.set(name, this.resolve(pair.value, [...path, name], offset));
    }
    for (const { node, offset } of merges) this.#merge(node, path, entries, offset);
  }

  #merge(node: unknown, path: Path, entries: Map<string, Tree>, key: number): void {
    const offset = offsetOf(node) ?? key;
    this.#count(offset, path);
    if (isAlias(node)) this.#follow(node, path, (target) => this.#merge(target, path, entries, key));
    else if (isMap(node)) this.#collect(node, path, entries);
    else if (isSeq(node)) for (const item of node.items) this.#merge(item, path, entries, key);
    else this.#say("error", offset, [...path, "<<"], "a merge key takes a map, or a list of maps");
  }

  #key(node: unknown, path: Path): { readonly name: string; readonly offset: number } | undefined {
    const offset = offsetOf(node) ?? 0;
    const key = isAlias(node) ? this.#anchors.get(node) : node;
    const name = isScalar(key) ? String(key.value) : undefined;
    if (name === undefined) this.#say("error", offset, path, "a key must be plain text");
    else if (name === "__proto__" || name.includes("\0"))
      this.#say("error", offset, path, `${JSON.stringify(name)} cannot be a key`);
    else return { name, offset };
    return undefined;
  }

  #follow<T>(alias: Alias, path: Path, visit: (target: Node) => T): T | null {
    const offset = offsetOf(alias) ?? 0;
    const target = this.#anchors.get(alias);
    if (target === undefined) {
      this.#say("error", offset, path, `no anchor &${alias.source} stands before this alias`);
      return null;
    }
    if (this.#open.has(target)) {
      this.#say("error", offset, path, `the anchor &${alias.source} contains itself`);
      return null;
    }
    this.#open.add(target);
    try {
      return visit(target);
    } finally {
      this.#open.delete(target);
    }
  }

  #say(severity: "error" | "warning", offset: number, path: Path, message: string): void {
    this.#report.at(severity, { source: this.#source, offset }, path, message);
  }

  #count(offset: number, path: Path): void {
    this.#budget.values += 1;
    if (path.length > MAX_DEPTH) this.#refuse(offset, [], `nested more than ${MAX_DEPTH} levels deep`);
    if (this.#budget.values > MAX_VALUES)
      this.#refuse(offset, [], `more than ${MAX_VALUES} values once aliases are followed`);
  }

  #refuse(offset: number, path: Path, message: string): never {
    this.#say("error", offset, path, message);
    throw new TooLarge(message);
  }
}

/** What each alias stands for: the latest anchor of its name before it (YAML 1.2, 7.1), in one walk. */
function anchorsOf(document: Document): ReadonlyMap<Alias, Node> {
  const latest = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const walk = (node: unknown): void => {
    if (isAlias(node)) {
      const target = latest.get(node.source);
      if (target !== undefined) targets.set(node, target);
      return;
    }
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined) latest.set(node.anchor, node);
    }
    if (isMap(node)) {
      for (const pair of node.items) {
        walk(pair.key);
        walk(pair.value);
      }
    } else if (isSeq(node)) node.items.forEach(walk);
  };
  walk(document.contents);
  return targets;
}

function tagOf(node: unknown): Pick<Tree, "tag"> {
  const tag = isScalar(node) || isMap(node) || isSeq(node) ? node.tag : undefined;
  if (tag === "!reset") return { tag: "reset" };
  return tag === "!override" ? { tag: "override" } : {};
}

function offsetOf(node: unknown): number | undefined {
  return isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}
