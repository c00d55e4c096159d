import type { LineCounter } from "yaml";
import type { Diagnostic } from "./diagnostic.ts";
import { pointerOf, renderPath } from "./path.ts";
import type { Path } from "./path.ts";

/** Where in the text a value and its key stand: offsets in UTF-16 units. */
export interface Place {
  /** Undefined for list entries. */
  readonly key?: number;
  readonly value: number;
  /** A number as it is written, which the number itself forgets: `1.10`, `0755`. */
  readonly text?: string;
}

/** What a parser of one value throws; the message says what was expected. */
export class InvalidValue extends Error {
  override readonly name = "InvalidValue";
}

/** Collects everything there is to say about one file, and knows where each of its values stands. */
export class Report {
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #places = new Map<string, Place>();
  /** Pointers of values that could not even be read; what they hold is not judged further. */
  readonly #broken = new Set<string>();
  /** By place and message: what an anchor holds is said once, however many aliases use it. */
  readonly #found = new Map<string, Diagnostic>();

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  /** Everything said so far: other files' first, then in the order of this file. */
  get diagnostics(): readonly Diagnostic[] {
    const own = (diagnostic: Diagnostic) => (diagnostic.file === this.#file ? 1 : 0);
    return [...this.#found.values()].sort(
      (a, b) => own(a) - own(b) || a.line - b.line || a.column - b.column || severe(a) - severe(b),
    );
  }

  get failed(): boolean {
    return [...this.#found.values()].some((diagnostic) => diagnostic.severity === "error");
  }

  setPlace(path: Path, place: Place): void {
    this.#places.set(pointerOf(path), place);
  }

  /** The number at a path as it is written; undefined where no number stands. */
  writtenNumber(path: Path): string | undefined {
    return this.#places.get(pointerOf(path))?.text;
  }

  add(diagnostic: Diagnostic): void {
    const { file, line, column, message } = diagnostic;
    const key = `${file}:${line}:${column}:${message}`;
    if (!this.#found.has(key)) this.#found.set(key, diagnostic);
  }

  at(severity: Diagnostic["severity"], offset: number, path: Path, message: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.add({ severity, file: this.#file, line, column: Math.max(col, 1), path: renderPath(path), message });
  }

  /** An error about a value that could not be read: the only one that is reported for its path. */
  broken(offset: number, path: Path, message: string): void {
    this.at("error", offset, path, message);
    this.#broken.add(pointerOf(path));
  }

  /** An error about a value; about its key with `at: "key"`. A path that is not in the file means what encloses it. */
  error(path: Path, message: string, at: "key" | "value" = "value"): void {
    if (!this.#broken.has(pointerOf(path))) this.at("error", this.#offset(path, at), path, message);
  }

  /** A warning, at the key of what it is about. */
  warning(path: Path, message: string): void {
    this.at("warning", this.#offset(path, "key"), path, message);
  }

  /** Runs the parser of one value; what it finds wrong becomes an error at the path, and the result undefined. */
  attempt<T>(path: Path, parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      this.error(path, error.message);
      return undefined;
    }
  }

  #offset(path: Path, at: "key" | "value"): number {
    const place = this.#places.get(pointerOf(path));
    if (place !== undefined) return at === "key" ? (place.key ?? place.value) : place.value;
    return path.length === 0 ? 0 : this.#offset(path.slice(0, -1), "key");
  }
}

function severe(diagnostic: Diagnostic): number {
  return diagnostic.severity === "error" ? 0 : 1;
}
