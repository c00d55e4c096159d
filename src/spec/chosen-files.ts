import { dirname, join, resolve } from "node:path";
import { SpecError } from "./diagnostic.ts";
import { findOverrides, findSpecFile, SPEC_NAMES } from "./file.ts";
import type { Lookup } from "./variables.ts";

export interface ChosenFiles {
  /** Absolute paths, or `-`; at least one, each laid over those before it. */
  readonly files: readonly string[];
  /** Absolute paths of files that would be among them if they were there. */
  readonly possible: readonly string[];
}

/**
 * The files of a project: those of `-f`, else those of COMPOSE_FILE, else the one found from the current folder upwards,
 * with the override file beside it. `pinned` is taken as found. Throws SpecError (spec.not-found) when there is none.
 */
export async function chooseFiles(
  cwd: string,
  given: readonly string[],
  lookup: Lookup,
  pinned?: string,
): Promise<ChosenFiles> {
  const separator = lookup("COMPOSE_PATH_SEPARATOR") || ":";
  const named = (lookup("COMPOSE_FILE") ?? "").split(separator).filter((file) => file !== "");
  const files = given.length > 0 ? given : named;
  if (files.length > 0)
    return { files: files.map((file) => (file === "-" ? file : resolve(cwd, file))), possible: [] };
  const found = pinned ?? (await findSpecFile(resolve(cwd)));
  if (found === undefined) throw notFound();
  const { present, possible } = await findOverrides(found);
  return { files: [found, ...present.slice(0, 1)], possible };
}

/** What the project is relative to: `--project-directory`, else the first file's folder. */
export function projectFolder(cwd: string, given: string | undefined, files: readonly string[]): string {
  if (given !== undefined) return resolve(cwd, given);
  const [first = "-"] = files;
  return first === "-" ? resolve(cwd) : dirname(first);
}

/** `--env-file`, else COMPOSE_ENV_FILES, both relative to the current folder; undefined for `.env` of the project. */
export function chooseEnvFiles(
  cwd: string,
  given: readonly string[],
  outer: Lookup,
): readonly string[] | undefined {
  const named = (outer("COMPOSE_ENV_FILES") ?? "").split(",").filter((file) => file !== "");
  const files = given.length > 0 ? given : named;
  if (files.length > 0) return files.map((file) => join(resolve(cwd, file)));
  return /^(1|true|yes|y)$/i.test(outer("COMPOSE_DISABLE_ENV_FILE") ?? "") ? [] : undefined;
}

function notFound(): SpecError {
  const message = `no ${SPEC_NAMES.join(", ")} here or in a folder above`;
  return new SpecError(
    "spec.not-found",
    [{ severity: "error", file: ".", line: 1, column: 1, path: "", message }],
    { next: "name the file with -f" },
  );
}
