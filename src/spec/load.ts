import { activate, chooseProfiles, readProfile } from "./activation.ts";
import { chooseEnvFiles, chooseFiles, projectFolder } from "./chosen-files.ts";
import type { ChosenFiles } from "./chosen-files.ts";
import { readContents } from "./contents.ts";
import { sourcesIn, usesContent } from "./content-use.ts";
import { readProject } from "./desired.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { readSchema } from "./file.ts";
import { interpolate } from "./interpolate.ts";
import { readLayers } from "./layer.ts";
import { chooseProjectName } from "./project-name.ts";
import type { Project } from "./project.ts";
import { readProfiles } from "./profiles.ts";
import { prune } from "./prune.ts";
import { reportRefused } from "./refused.ts";
import type { Expand } from "./resolve.ts";
import { profilePaths } from "./security.ts";
import { readServiceFiles } from "./service-files.ts";
import { plainOf } from "./tree.ts";
import type { Tree } from "./tree.ts";
import { reportUnbuilt } from "./unbuilt.ts";
import { validate } from "./validate.ts";
import { readVariables } from "./variables.ts";
import type { Lookup } from "./variables.ts";
import { Workspace } from "./workspace.ts";
import type { Opened } from "./workspace.ts";

export interface LoadOptions {
  /** `-f`: paths, or `-` for standard input. Looked for as Compose does when empty or absent. */
  readonly files?: readonly string[];
  /** Absolute path of the file to take as the one that is looked for. */
  readonly found?: string;
  /** `-p`. */
  readonly projectName?: string;
  /** `--project-directory`: what relative paths start at, instead of the first file's folder. */
  readonly projectFolder?: string;
  /** `--profile`; COMPOSE_PROFILES when empty or absent. */
  readonly profiles?: readonly string[];
  /** `--env-file`; COMPOSE_ENV_FILES, then `.env`, when empty or absent. */
  readonly envFiles?: readonly string[];
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
  /** Absolute paths whose change matters: every file that was read, and those that need not exist, such as `.env`. */
  readonly watched: readonly string[];
}

/**
 * Reads a project: find the files, decode, parse, interpolate, include, extend, merge, validate, check, fill in defaults
 * (docs/spec.md). Throws SpecError with everything that is wrong.
 */
export async function loadProject(options: LoadOptions): Promise<LoadResult> {
  const { strict = false } = options;
  const workspace = new Workspace(options.cwd, options.readStdin);
  const { report } = workspace;
  const { model, files, folder, lookup, name } = await readModel(options, workspace);
  report.judge(model);
  const value = plainOf(model);

  const refused = validate(value, readSchema(), report);
  reportRefused(value, report);
  reportUnbuilt(value, report, strict);
  prune(value, refused);

  const profiles = chooseProfiles(options.profiles ?? [], lookup("COMPOSE_PROFILES"));
  for (const profile of profiles) if (profile !== "*") report.attempt([], () => readProfile(profile));
  const services = isMap(value) && isMap(value["services"]) ? value["services"] : {};
  const activation = activate(services, profiles);
  const active = Object.fromEntries(
    Object.entries(services).filter(([service]) => activation.active.has(service)),
  );
  const seccomp = await readProfiles(
    profilePaths(value),
    { workingFolder: folder, home: lookup("HOME") },
    (path) => workspace.shown(path),
  );
  for (const path of seccomp.paths) workspace.watch(path);
  const project = readProject(value, report, {
    name,
    workingFolder: folder,
    files,
    lookup,
    strict,
    seccompProfile: seccomp.textOf,
    activation,
    contentOf: await readContents(
      sourcesIn(value),
      (kind, used) => usesContent(active, kind, used),
      workspace,
      { workingFolder: folder, lookup },
    ),
    serviceFiles: await readServiceFiles(active, workspace, folder, lookup),
  });
  if (report.failed) throw workspace.failure();
  return { project, warnings: report.diagnostics, watched: workspace.watched };
}

interface Model {
  readonly model: Tree;
  /** Absolute paths, or `-`. */
  readonly files: readonly string[];
  /** Absolute. */
  readonly folder: string;
  readonly lookup: Lookup;
  /** The project's. */
  readonly name: string;
}

/** Everything the files say, as one tree. Throws SpecError when there is none. */
async function readModel(options: LoadOptions, workspace: Workspace): Promise<Model> {
  const { cwd, env } = options;
  const outer: Lookup = (name) => env[name];
  const { files, possible } = await filesOf(options);
  const folder = projectFolder(cwd, options.projectFolder, files);
  const opened: Opened[] = [];
  for (const path of files) {
    const file = await workspace.open(path);
    if (file !== undefined) opened.push(file);
  }
  for (const path of possible) workspace.watch(path);
  const variable = await readVariables(
    workspace,
    outer,
    folder,
    chooseEnvFiles(cwd, options.envFiles ?? [], outer),
  );
  const name = chooseProjectName(options.projectName, variable, opened, folder, workspace);
  const lookup: Lookup = (wanted) => (wanted === "COMPOSE_PROJECT_NAME" ? name : variable(wanted));
  const scope = { workspace, folder, lookup, expanderOf, chain: [], bases: new Map() };
  const model = opened.length < files.length ? undefined : await readLayers(opened, scope);
  // Without a model the files are beyond their limits or no YAML, which was told; judging half would only add noise.
  if (model === undefined) throw workspace.failure();
  return { model, files, folder, lookup, name };
}

/** The files that would be loaded, which is what SpecError (spec.not-found) is thrown for where there is none. */
export async function filesOf(
  options: Pick<LoadOptions, "cwd" | "env" | "files" | "found">,
): Promise<ChosenFiles> {
  const { cwd, env, files = [], found } = options;
  const outer: Lookup = (name) => env[name];
  const ask = files.length === 0 && outer("COMPOSE_FILE") === undefined;
  // COMPOSE_FILE may stand in .env of the current folder, which need not be sound here: it may belong to nobody.
  const lookup = ask ? await readVariables(new Workspace(cwd, undefined), outer, cwd, undefined) : outer;
  return chooseFiles(cwd, files, lookup, found);
}

function expanderOf(lookup: Lookup): Expand {
  return (text, unset) => interpolate(text, { lookup, unset, stray: "error" });
}

function isMap(value: unknown): value is Readonly<Record<string, object | undefined>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
