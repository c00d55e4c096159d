import { dirname, resolve } from "node:path";
import { merge, withStep } from "./merge.ts";
import type { Path } from "./path.ts";
import { relocate } from "./relocate.ts";
import { resolveDocument } from "./resolve.ts";
import type { Scope } from "./scope.ts";
import { didYouMean } from "./suggest.ts";
import { entryOf, keySpot, mapAt, textOf, withEntry } from "./tree.ts";
import type { MapTree, Tree } from "./tree.ts";
import type { Opened } from "./workspace.ts";

/** Long before this many services somebody has made a mistake. */
const MAX_CHAIN = 100;

/** The services among which a name is looked for. */
interface Services {
  /** Absolute path of their file. */
  readonly path: string;
  /** What the paths of `extends.file` are relative to. */
  readonly folder: string;
  readonly byName: ReadonlyMap<string, Tree>;
  /** Those whose own `extends` is done. */
  readonly done: Map<string, Tree>;
}

/** A file whose services have what they extend, from itself or from another file. The result says nothing of `extends`. */
export async function applyExtends(model: Tree, file: Opened, scope: Scope): Promise<Tree> {
  const written = entryOf(model, "services");
  if (model.kind !== "map" || written?.kind !== "map") return model;
  if (![...written.entries.values()].some((service) => entryOf(service, "extends") !== undefined))
    return model;
  const services = { path: file.path, folder: scope.folder, byName: written.entries, done: new Map() };
  const entries: [string, Tree][] = [];
  for (const name of written.entries.keys()) entries.push([name, await extended(name, services, scope, [])]);
  return withEntry(model, "services", mapAt(written, entries));
}

/** `trail` has the services that led here, `file: service`, the outermost first. */
async function extended(
  name: string,
  services: Services,
  scope: Scope,
  trail: readonly string[],
): Promise<Tree> {
  const known = services.done.get(name);
  const own = services.byName.get(name);
  if (known !== undefined || own === undefined) return known ?? missing();
  const written = entryOf(own, "extends");
  if (own.kind !== "map" || written === undefined) return own;
  const without = withEntry(own, "extends", undefined);
  const here = `${scope.workspace.shown(services.path)} ${name}`;
  const at = ["services", name, "extends"];
  const circle = trail.indexOf(here);
  if (circle !== -1 || trail.length > MAX_CHAIN) {
    scope.workspace.refuse(
      written,
      at,
      `circular: ${[...trail.slice(Math.max(circle, 0)), here].join(" -> ")}`,
    );
    return without;
  }
  const result = await overBase(without, written, at, services, scope, [...trail, here]);
  services.done.set(name, result);
  return result;
}

async function overBase(
  own: MapTree,
  written: Tree,
  at: Path,
  services: Services,
  scope: Scope,
  trail: readonly string[],
): Promise<Tree> {
  const wanted = readExtends(written, at, scope);
  if (wanted === undefined) return own;
  const among =
    wanted.file === undefined ? services : await servicesOf(wanted.file, written, at, services, scope);
  if (among === undefined) return own;
  if (!among.byName.has(wanted.service)) {
    const hint = didYouMean(wanted.service, among.byName.keys());
    const where = among === services ? "" : ` in ${scope.workspace.shown(among.path)}`;
    scope.workspace.refuse(written, at, `there is no service "${wanted.service}"${where}${hint}`);
    return own;
  }
  const found = await extended(wanted.service, among, scope, trail);
  const near = among.folder === services.folder ? found : relocateService(found, among.folder);
  const base = withStep(near, { relation: "extended by", spot: keySpot(written.place) });
  return { ...merge(base, own, "services.*"), place: own.place };
}

/** The services of another file, which is read once for all that extend something in it. */
async function servicesOf(
  file: string,
  written: Tree,
  at: Path,
  from: Services,
  scope: Scope,
): Promise<Services | undefined> {
  const path = resolve(from.folder, file);
  if (path === from.path) return from;
  let pending = scope.bases.get(path);
  if (pending === undefined) {
    pending = readBase(path, written, at, scope);
    scope.bases.set(path, pending);
  }
  const model = await pending;
  if (model === undefined) return undefined;
  const services = entryOf(model, "services");
  const byName = services?.kind === "map" ? services.entries : new Map<string, Tree>();
  return { path, folder: dirname(path), byName, done: new Map() };
}

async function readBase(path: string, written: Tree, at: Path, scope: Scope): Promise<Tree | undefined> {
  const { workspace } = scope;
  const spot = { source: written.place.source, offset: written.place.value };
  const opened = await workspace.open(path, { by: spot, path: at, included: false });
  let model: Tree | undefined;
  for (const document of opened ?? []) {
    const { report, budget } = workspace;
    const tree = resolveDocument(document, report, scope.expanderOf(scope.lookup), budget);
    if (tree === undefined) return undefined;
    model = model === undefined ? tree : merge(model, tree, "");
  }
  return model;
}

function relocateService(service: Tree, folder: string): Tree {
  const root = relocate(mapAt(service, [["services", mapAt(service, [["it", service]])]]), folder);
  return entryOf(entryOf(root, "services"), "it") ?? service;
}

interface Extends {
  readonly service: string;
  readonly file?: string;
}

function readExtends(written: Tree, at: Path, scope: Scope): Extends | undefined {
  const short = textOf(written);
  if (short !== undefined) return { service: short };
  if (written.kind !== "map")
    return scope.workspace.refuse(written, at, "expected a service, or a map with service and file");
  for (const [key, value] of written.entries)
    if (key !== "service" && key !== "file")
      return scope.workspace.refuse(value, [...at, key], "unknown key (known are service and file)");
  const service = textOf(written.entries.get("service"));
  if (service === undefined) return scope.workspace.refuse(written, at, '"service" is missing');
  const file = textOf(written.entries.get("file"));
  return file === undefined ? { service } : { service, file };
}

function missing(): never {
  throw new TypeError("a service was asked for that is not there");
}
