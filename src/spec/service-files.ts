import { SpecError } from "./diagnostic.ts";
import { parseDotenv } from "./dotenv.ts";
import { hostPath } from "./mount.ts";
import type { Path } from "./path.ts";
import { parseRawEnvironment } from "./raw-environment.ts";
import { readBoolean } from "./scalar.ts";
import type { Lookup } from "./variables.ts";
import type { Workspace } from "./workspace.ts";

/** What a service's `env_file` and `label_file` say. */
export interface ServiceFiles {
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

type FileEntry =
  string | { readonly path?: string; readonly required?: boolean | string; readonly format?: string };

interface FileKeys {
  readonly env_file?: FileEntry | readonly FileEntry[];
  readonly label_file?: string | readonly string[];
}

/**
 * Reads the files that services take variables and labels from, by service. Of a name in several files the last counts.
 * What is wrong goes to the report: about the entry when the file cannot be read, about its own line otherwise.
 */
export async function readServiceFiles(
  services: Readonly<Record<string, FileKeys | undefined>>,
  workspace: Workspace,
  folder: string,
  lookup: Lookup,
): Promise<ReadonlyMap<string, ServiceFiles>> {
  const found = new Map<string, ServiceFiles>();
  for (const [name, service] of Object.entries(services)) {
    if (service?.env_file === undefined && service?.label_file === undefined) continue;
    const read = new EntryReader(workspace, folder, lookup);
    const environment = await read.all(service.env_file, ["services", name, "env_file"]);
    const labels = await read.all(service.label_file, ["services", name, "label_file"]);
    found.set(name, { environment, labels });
  }
  return found;
}

class EntryReader {
  readonly #workspace: Workspace;
  readonly #folder: string;
  readonly #lookup: Lookup;

  constructor(workspace: Workspace, folder: string, lookup: Lookup) {
    this.#workspace = workspace;
    this.#folder = folder;
    this.#lookup = lookup;
  }

  async all(
    written: FileEntry | readonly FileEntry[] | undefined,
    path: Path,
  ): Promise<Readonly<Record<string, string>>> {
    const values = new Map<string, string>();
    if (isList(written))
      for (const [index, entry] of written.entries()) await this.#one(entry, [...path, index], values);
    else if (written !== undefined) await this.#one(written, path, values);
    return Object.fromEntries(values);
  }

  async #one(entry: FileEntry, path: Path, values: Map<string, string>): Promise<void> {
    const { report } = this.#workspace;
    const { path: written, required = true, format } = typeof entry === "string" ? { path: entry } : entry;
    if (written === undefined) {
      report.error(path, '"path" is missing');
      return;
    }
    const file = report.attempt(path, () =>
      hostPath(written, { workingFolder: this.#folder, home: this.#lookup("HOME") }),
    );
    const text = file === undefined ? undefined : await this.#read(file, path);
    if (text === undefined) {
      const wanted = report.attempt(path, () => readBoolean(required)) ?? true;
      if (wanted && file !== undefined)
        report.error(path, `${this.#workspace.shown(file)}: there is no such file`);
      return;
    }
    const lookup: Lookup = (name) => this.#lookup(name) ?? values.get(name);
    const parse = format === "raw" ? parseRawEnvironment : parseDotenv;
    const read = parse(text, this.#workspace.shown(file ?? ""), lookup);
    for (const diagnostic of read.diagnostics) report.add(diagnostic);
    for (const [name, value] of read.values) values.set(name, value);
  }

  /** Undefined where there is none; what cannot be read is reported, and counts as empty. */
  async #read(file: string, path: Path): Promise<string | undefined> {
    try {
      return await this.#workspace.readText(file);
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      for (const { file: shown, message } of error.diagnostics)
        this.#workspace.report.error(path, `${shown}: ${message}`);
      return "";
    }
  }
}

function isList(written: FileEntry | readonly FileEntry[] | undefined): written is readonly FileEntry[] {
  return Array.isArray(written);
}
