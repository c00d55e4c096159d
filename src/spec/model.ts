import { chooseEnvFiles, chooseFiles, projectFolder } from "./chosen-files.ts";
import type { ChosenFiles } from "./chosen-files.ts";
import { interpolate } from "./interpolate.ts";
import { readLayers } from "./layer.ts";
import { chooseProjectName } from "./project-name.ts";
import type { Expand } from "./resolve.ts";
import type { Tree } from "./tree.ts";
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
  /** False leaves variables as they are written. */
  readonly interpolate?: boolean;
}

export interface Model {
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
export async function readModel(options: LoadOptions, workspace: Workspace): Promise<Model> {
  const { cwd, env } = options;
  const outer: Lookup = (name) => env[name];
  const { files, possible } = await filesOf(options);
  const folder = projectFolder(cwd, options.projectFolder, files);
  const opened: Opened[] = [];
  let complete = true;
  for (const path of files) {
    const documents = await workspace.open(path);
    if (documents === undefined) complete = false;
    else opened.push(...documents);
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
  const scope = {
    workspace,
    folder,
    lookup,
    expanderOf: options.interpolate === false ? () => (text: string) => text : expanderOf,
    chain: [],
    bases: new Map(),
  };
  const model = complete ? await readLayers(opened, scope) : undefined;
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
