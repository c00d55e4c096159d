import type { Document } from "yaml";
import { relative, resolve } from "node:path";
import { SpecError } from "./diagnostic.ts";
import type { SpecErrorCode } from "./diagnostic.ts";
import { parseDocuments } from "./document.ts";
import { readOptionalFile, readSpecFile } from "./file.ts";
import type { Path } from "./path.ts";
import { Report } from "./report.ts";
import type { Budget } from "./resolve.ts";
import { decodeText } from "./text.ts";
import type { Source, Spot, Tree } from "./tree.ts";

/** No project has so many, but a few that include one another twice each soon do. */
const MAX_FILES = 1000;

/** One of the documents of a file that is YAML. */
export interface Opened {
  /** Absolute, or `-`. */
  readonly path: string;
  readonly source: Source;
  readonly document: Document;
}

/** Where a file is asked for by another. */
export interface Asked {
  readonly by: Spot;
  readonly path: Path;
  /** What is in it is told to be included from there. */
  readonly included: boolean;
}

/** The files of one project while it is loaded: what was read, what is wrong in it, and how much it may still hold. */
export class Workspace {
  readonly report = new Report();
  readonly budget: Budget = { values: 0, text: 0 };
  readonly #cwd: string;
  readonly #readStdin: (() => Promise<string>) | undefined;
  readonly #watched = new Set<string>();
  #code: SpecErrorCode | undefined;
  #opened = 0;

  constructor(cwd: string, readStdin: (() => Promise<string>) | undefined) {
    this.#cwd = resolve(cwd);
    this.#readStdin = readStdin;
  }

  /** Absolute paths whose change matters, in the order they were asked for. */
  get watched(): readonly string[] {
    return [...this.#watched];
  }

  watch(path: string): void {
    this.#watched.add(path);
  }

  /** A path as people are shown it: relative to the current folder when it lies below it. */
  shown(path: string): string {
    if (path === "-") return path;
    const below = relative(this.#cwd, path);
    return below === "" || below.startsWith("..") ? path : below;
  }

  /**
   * Reads and parses a spec file, of which each document counts as a file of its own, laid over those before it. What is
   * wrong goes to the report, and the result is undefined then.
   */
  async open(path: string, asked?: Asked): Promise<readonly Opened[] | undefined> {
    const file = this.shown(path);
    this.#opened += 1;
    if (this.#opened > MAX_FILES) {
      if (this.#opened === MAX_FILES + 1 && asked !== undefined)
        this.report.at("error", asked.by, asked.path, `more than ${MAX_FILES} files`);
      return undefined;
    }
    this.report.open(file);
    try {
      const text = await this.#textOf(path, file);
      const { documents, lines, warnings } = parseDocuments(text, file);
      const source = { file, lines, ...(asked?.included === true ? { includedAt: asked.by } : {}) };
      for (const warning of warnings) this.report.add(warning);
      return documents.map((document) => ({ path, source, document }));
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      this.#code ??= error.code;
      for (const diagnostic of error.diagnostics) {
        if (asked === undefined || error.code !== "spec.not-found") this.report.add(diagnostic);
        else this.report.at("error", asked.by, asked.path, `${file}: ${diagnostic.message}`);
      }
      return undefined;
    }
  }

  /** The text of a further file, such as `.env`; undefined where there is none. Throws SpecError. */
  async readText(path: string): Promise<string | undefined> {
    this.watch(path);
    const bytes = await readOptionalFile(path, this.shown(path));
    return bytes === undefined ? undefined : decodeText(bytes, this.shown(path));
  }

  /** The bytes of a further file. Throws SpecError. */
  async readBytes(path: string): Promise<Uint8Array> {
    this.watch(path);
    return readSpecFile(path, this.shown(path));
  }

  /** Reports what a value cannot be. */
  refuse(tree: Tree, path: Path, message: string): undefined {
    const { source, value, trail } = tree.place;
    this.report.at("error", { source, offset: value }, path, message, trail);
  }

  /** Everything found so far as an error. */
  failure(): SpecError {
    return new SpecError(this.#code ?? "spec.invalid", this.report.diagnostics, { watched: this.watched });
  }

  async #textOf(path: string, file: string): Promise<string> {
    if (path !== "-") {
      this.watch(path);
      return decodeText(await readSpecFile(path, file), file);
    }
    if (this.#readStdin === undefined) throw new TypeError("the file - needs readStdin");
    return decodeText(Buffer.from(await this.#readStdin()), file);
  }
}
