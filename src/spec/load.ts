import { isMap, isScalar } from "yaml";
import type { Document } from "yaml";
import { dirname, join, relative, resolve } from "node:path";
import { readProject } from "./desired.ts";
import { SpecError } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { parseDocument } from "./document.ts";
import { parseDotenv } from "./dotenv.ts";
import {
  findOverrides,
  findSpecFile,
  readOptionalFile,
  readSchema,
  readSpecFile,
  SPEC_NAMES,
} from "./file.ts";
import { interpolate } from "./interpolate.ts";
import { projectNameOf, readProjectName } from "./name.ts";
import type { Path } from "./path.ts";
import type { Project } from "./project.ts";
import { readProfiles } from "./profiles.ts";
import { prune } from "./prune.ts";
import { InvalidValue, Report } from "./report.ts";
import { resolveDocument } from "./resolve.ts";
import { profilePaths } from "./security.ts";
import { decodeText } from "./text.ts";
import { reportUnbuilt } from "./unbuilt.ts";
import { validate } from "./validate.ts";

export { findSpecFile } from "./file.ts";

export interface LoadOptions {
  /** `-f`: paths, or `-` for standard input. Looked for as Compose does when empty or absent. */
  readonly files?: readonly string[];
  /** `-p`. */
  readonly projectName?: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called for the file `-`. */
  readonly readStdin?: () => Promise<string>;
  /** Keys that are not built yet are errors instead of warnings. */
  readonly strict?: boolean;
}

export interface LoadResult {
  readonly project: Project;
  readonly warnings: readonly Diagnostic[];
  /** Absolute paths whose change matters: the spec, `.env` beside it (which need not exist), and seccomp profiles. */
  readonly watched: readonly string[];
}

/**
 * Reads a project: find the file, decode, parse, interpolate, validate, check, fill in defaults (docs/spec.md).
 * Throws SpecError with everything that is wrong.
 */
export async function loadProject(options: LoadOptions): Promise<LoadResult> {
  const { cwd, env, strict = false } = options;
  const source = await chooseFile(options);
  const shown = (path: string) => shownPath(path, cwd);
  const file = source === "-" ? "-" : shown(source);
  const workingFolder = source === "-" ? resolve(cwd) : dirname(source);
  const text = await readSource(source, file, options);

  const dotenvPath = join(workingFolder, ".env");
  const dotenvBytes = await readOptionalFile(dotenvPath, shown(dotenvPath));
  const dotenvText = dotenvBytes === undefined ? "" : decodeText(dotenvBytes, shown(dotenvPath));
  const dotenv = parseDotenv(dotenvText, shown(dotenvPath), env);

  const { document, lines, warnings } = parseDocument(text, file);
  const report = new Report(file, lines);
  for (const diagnostic of [...dotenv.diagnostics, ...warnings]) report.add(diagnostic);
  for (const override of source === "-" ? [] : await findOverrides(source)) {
    const message = "override files are merged by a later version; this one is ignored";
    report.add({ severity: "warning", file: shown(override), line: 1, column: 1, path: "", message });
  }

  const variable = (name: string) => env[name] ?? dotenv.values.get(name);
  const name = projectName(options, document, variable, workingFolder, report);
  const lookup = (wanted: string) => (wanted === "COMPOSE_PROJECT_NAME" ? name : variable(wanted));
  const expand = (value: string, path: Path, offset: number) => {
    const unset = (unsetName: string) =>
      report.at("warning", offset, path, `the variable ${unsetName} is not set, using an empty value`);
    return interpolate(value, { lookup, unset, stray: "error" });
  };
  const value = resolveDocument(document, report, expand);
  // Undefined is a file beyond its limits, which is an error already; judging half of it would only add noise.
  if (value === undefined) throw new SpecError("spec.invalid", report.diagnostics);

  const refused = validate(value, readSchema(), report);
  if (Object.hasOwn(Object(value) as object, "version"))
    report.warning(["version"], "obsolete and ignored; remove it");
  reportUnbuilt(value, report, strict);
  prune(value, refused);
  const files = [source];
  const profiles = await readProfiles(profilePaths(value), { workingFolder, home: lookup("HOME") }, shown);
  const project = readProject(value, report, {
    name,
    workingFolder,
    files,
    lookup,
    strict,
    seccompProfile: profiles.textOf,
  });
  if (report.failed) throw new SpecError("spec.invalid", report.diagnostics);
  return {
    project,
    warnings: report.diagnostics,
    watched: [...(source === "-" ? [] : [source]), dotenvPath, ...profiles.paths],
  };
}

/** Absolute path of the spec, or `-`. */
async function chooseFile({ files = [], cwd }: LoadOptions): Promise<string> {
  const [file, second] = files;
  if (second !== undefined)
    throw new SpecError("spec.invalid", [
      {
        severity: "error",
        file: second,
        line: 1,
        column: 1,
        path: "",
        message: "several files are merged by a later version; name one with -f",
      },
    ]);
  if (file !== undefined) return file === "-" ? file : resolve(cwd, file);
  const found = await findSpecFile(resolve(cwd));
  if (found !== undefined) return found;
  const message = `no ${SPEC_NAMES.join(", ")} here or in a folder above`;
  throw new SpecError(
    "spec.not-found",
    [{ severity: "error", file: ".", line: 1, column: 1, path: "", message }],
    { next: "name the file with -f" },
  );
}

async function readSource(source: string, file: string, options: LoadOptions): Promise<string> {
  if (source !== "-") return decodeText(await readSpecFile(source, file), file);
  if (options.readStdin === undefined) throw new TypeError("the file - needs readStdin");
  return decodeText(Buffer.from(await options.readStdin()), file);
}

/** `-p`, else COMPOSE_PROJECT_NAME, else the file's own name, else the folder's. */
function projectName(
  options: LoadOptions,
  document: Document,
  lookup: (name: string) => string | undefined,
  workingFolder: string,
  report: Report,
): string {
  const given = options.projectName ?? (lookup("COMPOSE_PROJECT_NAME") || undefined);
  const node: unknown = isMap(document.contents) ? document.contents.get("name", true) : undefined;
  const own = isScalar(node) && typeof node.value === "string" ? node.value : undefined;
  const offset = isScalar(node) ? (node.range?.[0] ?? 0) : 0;
  try {
    if (given !== undefined) return readProjectName(given);
    if (own === undefined) return projectNameOf(workingFolder);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    report.at("error", 0, [], error.message);
    return "invalid";
  }
  try {
    return readProjectName(interpolate(own, { lookup, unset: () => undefined, stray: "error" }));
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    report.at("error", offset, ["name"], error.message);
    return "invalid";
  }
}

/** Relative to the current folder when it lies below it. */
function shownPath(path: string, cwd: string): string {
  const below = relative(resolve(cwd), path);
  return below === "" || below.startsWith("..") ? path : below;
}
