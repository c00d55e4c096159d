import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Alias, Document, Node, Scalar, YAMLMap } from "yaml";
import { MAX_DEPTH } from "./document.ts";
import type { Path } from "./path.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";

/** What an alias or a merge key multiplies is bounded by these, so that a short file cannot fill the memory. */
export const MAX_VALUES = 250_000;
const MAX_TEXT = 64 * 1024 * 1024;

/** Replaces the variables in one text; throws InvalidValue. */
export type Expand = (text: string, path: Path, offset: number) => string;

/**
 * The document as plain data, every string interpolated, aliases and merge keys (`<<`) followed, each value's place
 * told to the report. Errors (duplicate keys, unknown or circular aliases, bad variables, NUL characters) go to the
 * report, once each. Undefined when the file outgrows its limits.
 */
export function resolveDocument(document: Document, report: Report, expand: Expand): unknown {
  try {
    return new Resolver(document, report, expand).resolve(document.contents, []);
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
}

class TooLarge extends Error {}

class Resolver {
  readonly #report: Report;
  readonly #expand: Expand;
  readonly #anchors: ReadonlyMap<Alias, Node>;
  /** Targets of the aliases being followed right now. */
  readonly #open = new Set<Node>();
  #values = 0;
  #text = 0;

  constructor(document: Document, report: Report, expand: Expand) {
    this.#report = report;
    this.#expand = expand;
    this.#anchors = anchorsOf(document);
  }

  resolve(node: unknown, path: Path, key?: number): unknown {
    if (isAlias(node)) return this.#follow(node, path, (target) => this.resolve(target, path, key));
    const offset = offsetOf(node) ?? key ?? 0;
    this.#count(offset, path);
    if (isScalar(node)) return this.#scalar(node, path, offset, key);
    this.#report.setPlace(path, { value: offset, ...(key === undefined ? {} : { key }) });
    if (isMap(node)) {
      const entries = new Map<string, unknown>();
      this.#collect(node, path, entries);
      return Object.fromEntries(entries);
    }
    if (isSeq(node)) return node.items.map((item, index) => this.resolve(item, [...path, index]));
    return null;
  }

  #scalar(node: Scalar, path: Path, offset: number, key: number | undefined): unknown {
    const { value } = node;
    // `ports:` with nothing behind it has no place of its own worth pointing at.
    const empty = node.range !== null && node.range !== undefined && node.range[0] === node.range[1];
    const place = { value: empty ? (key ?? offset) : offset, ...(key === undefined ? {} : { key }) };
    if (typeof value === "number")
      this.#report.setPlace(path, { ...place, text: node.source ?? String(value) });
    else this.#report.setPlace(path, place);
    if (typeof value !== "string") return value;
    return this.#string(value, path, offset);
  }

  #string(value: string, path: Path, offset: number): string {
    try {
      if (value.includes("\0")) throw new InvalidValue("contains a NUL character");
      const expanded = value.includes("$") ? this.#expand(value, path, offset) : value;
      this.#text += expanded.length;
      if (this.#text > MAX_TEXT)
        this.#refuse(offset, path, "the file is too large once its variables are replaced");
      return expanded;
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      this.#report.broken(offset, path, error.message);
      return value;
    }
  }

  /** A map's own keys first, then what its merge keys add: own keys win, and earlier merges over later ones. */
  #collect(map: YAMLMap, path: Path, entries: Map<string, unknown>): void {
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
        this.#report.at("error", offset, [...path, name], "this key appears twice in the same map");
        continue;
      }
      own.set(name, offset);
      if (entries.has(name)) continue;
      entries.set(name, this.resolve(pair.value, [...path, name], offset));
    }
    for (const { node, offset } of merges) this.#merge(node, path, entries, offset);
  }

  #merge(node: unknown, path: Path, entries: Map<string, unknown>, key: number): void {
    const offset = offsetOf(node) ?? key;
    this.#count(offset, path);
    if (isAlias(node)) this.#follow(node, path, (target) => this.#merge(target, path, entries, key));
    else if (isMap(node)) this.#collect(node, path, entries);
    else if (isSeq(node)) for (const item of node.items) this.#merge(item, path, entries, key);
    else this.#report.at("error", offset, [...path, "<<"], "a merge key takes a map, or a list of maps");
  }

  #key(node: unknown, path: Path): { readonly name: string; readonly offset: number } | undefined {
    const offset = offsetOf(node) ?? 0;
    const key = isAlias(node) ? this.#anchors.get(node) : node;
    const name = isScalar(key) ? String(key.value) : undefined;
    if (name === undefined) this.#report.at("error", offset, path, "a key must be plain text");
    else if (name === "__proto__" || name.includes("\0"))
      this.#report.at("error", offset, path, `${JSON.stringify(name)} cannot be a key`);
    else return { name, offset };
    return undefined;
  }

  #follow<T>(alias: Alias, path: Path, visit: (target: Node) => T): T | null {
    const offset = offsetOf(alias) ?? 0;
    const target = this.#anchors.get(alias);
    if (target === undefined) {
      this.#report.broken(offset, path, `no anchor &${alias.source} stands before this alias`);
      return null;
    }
    if (this.#open.has(target)) {
      this.#report.broken(offset, path, `the anchor &${alias.source} contains itself`);
      return null;
    }
    this.#open.add(target);
    try {
      return visit(target);
    } finally {
      this.#open.delete(target);
    }
  }

  #count(offset: number, path: Path): void {
    this.#values += 1;
    if (path.length > MAX_DEPTH) this.#refuse(offset, [], `nested more than ${MAX_DEPTH} levels deep`);
    if (this.#values > MAX_VALUES)
      this.#refuse(offset, [], `more than ${MAX_VALUES} values once aliases are followed`);
  }

  #refuse(offset: number, path: Path, message: string): never {
    this.#report.at("error", offset, path, message);
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

function offsetOf(node: unknown): number | undefined {
  return isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}
