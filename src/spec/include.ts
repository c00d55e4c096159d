import { dirname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { merge } from "./merge.ts";
import type { Path } from "./path.ts";
import { relocate } from "./relocate.ts";
import type { Scope } from "./scope.ts";
import { entryOf, mapAt, plainOf, textOf, withEntry } from "./tree.ts";
import type { MapTree, Tree } from "./tree.ts";
import { readVariables } from "./variables.ts";
import type { Opened } from "./workspace.ts";

/** What a file takes over from those it includes. */
const KINDS = ["services", "volumes", "networks", "configs", "secrets", "models", "images"] as const;
/** Long before this many folders deep somebody has made a mistake. */
const MAX_CHAIN = 50;

/** Loads the files of one entry, whose own includes lead back here. */
type ReadLayers = (files: readonly Opened[], scope: Scope) => Promise<Tree | undefined>;

/** One entry of `include`, with its paths still as they are written. */
interface Include {
  /** The first is the file, the others are merged over it. */
  readonly path: readonly string[];
  readonly project_directory?: string;
  readonly env_file?: readonly string[];
}

/**
 * A file with everything its `include` names, each loaded as a project of its own: with its own folder and variables.
 * What the file itself says of the same service, volume, ... is laid over it.
 */
export async function applyIncludes(
  own: Tree,
  file: Opened,
  scope: Scope,
  readLayers: ReadLayers,
): Promise<Tree> {
  const written = entryOf(own, "include");
  if (own.kind !== "map" || written === undefined) return own;
  let model: MapTree = withEntry(own, "include", undefined);
  const entries = written.kind === "list" ? written.items : [];
  if (written.kind !== "list" && !(written.kind === "scalar" && written.value === null))
    scope.workspace.refuse(written, ["include"], "expected a list of files");
  for (const [index, entry] of entries.entries()) {
    const path = ["include", index];
    const include = readInclude(entry, path, scope);
    const included =
      include === undefined ? undefined : await readIncluded(include, entry, path, file, scope, readLayers);
    if (included !== undefined) model = importAll(included, model);
  }
  return model;
}

async function readIncluded(
  include: Include,
  entry: Tree,
  at: Path,
  file: Opened,
  scope: Scope,
  readLayers: ReadLayers,
): Promise<Tree | undefined> {
  const { workspace } = scope;
  const paths = include.path.map((path) => resolve(scope.folder, path));
  const [main = ""] = paths;
  const folder =
    include.project_directory === undefined
      ? dirname(main)
      : resolve(scope.folder, include.project_directory);
  const chain = [...scope.chain, file.path];
  const circle = chain.indexOf(main);
  if (circle !== -1 || chain.length > MAX_CHAIN) {
    const names = [...chain.slice(Math.max(circle, 0)), main].map((path) => workspace.shown(path));
    return scope.workspace.refuse(entry, at, `circular: ${names.join(" -> ")}`);
  }
  const by = { source: entry.place.source, offset: entry.place.value };
  const files: Opened[] = [];
  for (const path of paths) {
    const opened = await workspace.open(path, { by, path: at, included: true });
    if (opened !== undefined) files.push(...opened);
  }
  const envFiles = include.env_file?.map((path) => resolve(scope.folder, path));
  const lookup = await readVariables(workspace, scope.lookup, folder, envFiles);
  const model = await readLayers(files, { ...scope, folder, lookup, chain, bases: new Map() });
  if (model === undefined) return undefined;
  return folder === scope.folder ? model : relocate(model, folder);
}

/** Of what both have, the importing file's is laid over; the same thing included twice is one thing. */
function importAll(included: Tree, model: MapTree): MapTree {
  let result = model;
  for (const kind of KINDS) {
    const theirs = entryOf(included, kind);
    if (theirs?.kind !== "map") continue;
    const ours = entryOf(result, kind);
    if (ours !== undefined && ours.kind !== "map") continue;
    const entries = new Map(ours?.entries);
    for (const [name, entry] of theirs.entries) {
      const own = entries.get(name);
      if (own === undefined) entries.set(name, entry);
      else if (!isDeepStrictEqual(plainOf(own), plainOf(entry)))
        entries.set(name, merge(entry, own, `${kind}.*`));
    }
    result = withEntry(result, kind, mapAt(ours ?? theirs, entries));
  }
  return result;
}

function readInclude(entry: Tree, at: Path, scope: Scope): Include | undefined {
  if (entry.kind === "scalar" && typeof entry.value === "string")
    return checked({ path: [entry.value] }, entry, at, scope);
  if (entry.kind !== "map")
    return scope.workspace.refuse(entry, at, "expected a file, or a map with its path");
  for (const [key, value] of entry.entries)
    if (!["path", "project_directory", "env_file"].includes(key) && !key.startsWith("x-"))
      return scope.workspace.refuse(
        value,
        [...at, key],
        "unknown key (known are path, project_directory and env_file)",
      );
  const path = textsOf(entry.entries.get("path"));
  if (path === undefined || path.length === 0) return scope.workspace.refuse(entry, at, '"path" is missing');
  const folder = textOf(entry.entries.get("project_directory"));
  const envFile = textsOf(entry.entries.get("env_file"));
  return checked(
    {
      path,
      ...(folder === undefined || folder === "" ? {} : { project_directory: folder }),
      ...(envFile === undefined ? {} : { env_file: envFile }),
    },
    entry,
    at,
    scope,
  );
}

function checked(include: Include, entry: Tree, at: Path, scope: Scope): Include | undefined {
  const remote = include.path.find((path) => /^([a-z][a-z0-9+.-]*:|git@)/.test(path));
  if (remote === undefined) return include;
  return scope.workspace.refuse(
    entry,
    at,
    `"${remote}" is not on this machine; fetch it, and include the copy`,
  );
}

/** Text, or a list of it. */
function textsOf(tree: Tree | undefined): readonly string[] | undefined {
  const items = tree?.kind === "list" ? tree.items : tree === undefined ? [] : [tree];
  const texts = items.map(textOf);
  return tree === undefined || texts.includes(undefined)
    ? undefined
    : texts.filter((text) => text !== undefined);
}
