import type { Diagnostic, Waypoint } from "./diagnostic.ts";
import { renderPath } from "./path.ts";
import type { Path } from "./path.ts";
import { find } from "./tree.ts";
import type { Place, Spot, Tree } from "./tree.ts";

/** What a parser of one value throws; the message says what was expected. */
export class InvalidValue extends Error {
  override readonly name = "InvalidValue";
}

/** Collects everything there is to say about a project's files, and knows where each of its values is written. */
export class Report {
  /** By place and message: what an anchor holds is said once, however many aliases use it. */
  readonly #found = new Map<string, Diagnostic>();
  /** In the order they were opened, which is the order their mistakes are told in. */
  readonly #files = new Map<string, number>();
  #root: Tree | undefined;

  /** A spec file, from now on before those opened later. */
  open(file: string): void {
    if (!this.#files.has(file)) this.#files.set(file, this.#files.size);
  }

  /** The values that paths lead into from now on. */
  judge(root: Tree): void {
    this.#root = root;
  }

  /** Everything said so far: files without values first (`.env`), then in the order of the files and of their lines. */
  get diagnostics(): readonly Diagnostic[] {
    const rank = ({ file }: Diagnostic) => this.#files.get(file) ?? -1;
    return [...this.#found.values()].sort(
      (a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column || severe(a) - severe(b),
    );
  }

  get failed(): boolean {
    return [...this.#found.values()].some((diagnostic) => diagnostic.severity === "error");
  }

  /** The number at a path as it is written; undefined where no number stands. */
  writtenNumber(path: Path): string | undefined {
    if (this.#root === undefined) return undefined;
    const { tree, exact } = find(this.#root, path);
    return exact && tree.kind === "scalar" ? tree.text : undefined;
  }

  add(diagnostic: Diagnostic): void {
    const { file, line, column, message } = diagnostic;
    const key = `${file}:${line}:${column}:${message}`;
    if (!this.#found.has(key)) this.#found.set(key, diagnostic);
  }

  /** Something about a place in a file. */
  at(
    severity: Diagnostic["severity"],
    spot: Spot,
    path: Path,
    message: string,
    trail?: Place["trail"],
  ): void {
    const waypoints: Waypoint[] = (trail ?? []).map(({ relation, spot: step }) => ({
      relation,
      ...positionOf(step),
    }));
    for (let from = spot.source.includedAt; from !== undefined; from = from.source.includedAt)
      waypoints.push({ relation: "included by", ...positionOf(from) });
    this.add({
      severity,
      ...positionOf(spot),
      ...(waypoints.length === 0 ? {} : { trail: waypoints }),
      path: renderPath(path),
      message,
    });
  }

  /** An error about a value; about its key with `at: "key"`. A path that is not in the file means what encloses it. */
  error(path: Path, message: string, at: "key" | "value" = "value"): void {
    this.#say("error", path, message, at);
  }

  /** A warning, at the key of what it is about. */
  warning(path: Path, message: string): void {
    this.#say("warning", path, message, "key");
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

  /** Reads the keys of the map at a path: what is absent stays undefined, what is wrong becomes an error at its key. */
  reader(path: Path): <T, R>(value: T | undefined, key: string, parse: (value: T) => R) => R | undefined {
    return (value, key, parse) =>
      value === undefined ? undefined : this.attempt([...path, key], () => parse(value));
  }

  #say(severity: Diagnostic["severity"], path: Path, message: string, at: "key" | "value"): void {
    if (this.#root === undefined) throw new TypeError("nothing is judged yet");
    const { tree, exact } = find(this.#root, path);
    if (severity === "error" && exact && tree.broken === true) return;
    const { source, key, value, trail } = tree.place;
    const offset = exact && at === "value" ? value : (key ?? value);
    this.at(severity, { source, offset }, path, message, trail);
  }
}

function positionOf({ source, offset }: Spot): Pick<Diagnostic, "file" | "line" | "column"> {
  const { line, col } = source.lines.linePos(offset);
  return { file: source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function severe(diagnostic: Diagnostic): number {
  return diagnostic.severity === "error" ? 0 : 1;
}
