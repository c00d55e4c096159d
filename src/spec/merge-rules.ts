import {
  deviceTarget,
  fileTarget,
  fullText,
  mountTarget,
  nameBeforeEquals,
  pathOfFile,
  portKey,
} from "./merge-keys.ts";
import { mapAt, scalarAt } from "./tree.ts";
import type { ListTree, Tree } from "./tree.ts";

/** How two values at one place become one; `maps` merges two maps entry by entry. */
export type MergeRule = (
  base: Tree,
  over: Tree,
  shape: string,
  maps: (base: Tree, over: Tree, shape: string) => Tree,
) => Tree;

/** Tells apart the entries of a list: of two with the same key the later takes the place of the earlier. */
export type KeyOf = (entry: Tree) => string;

/** Only the later counts. */
const replaced: MergeRule = (_base, over) => over;

/** Pairs as a map or as a list of `name=value`: one of each name. */
const pairs: MergeRule = (base, over, _shape) => {
  const [below, above] = [pairsToMap(base), pairsToMap(over)];
  if (below?.kind !== "map" || above?.kind !== "map") return over;
  return mapAt(over, [...below.entries, ...above.entries]);
};

/** A list of names, or a map by name. */
function named(value: (name: Tree) => Tree): MergeRule {
  return (base, over, shape, maps) => maps(namesToMap(base, value), namesToMap(over, value), shape);
}

/** A list, or the one value of it. */
function unique(keyOf: KeyOf): MergeRule {
  return (base, over) => {
    const [below, above] = [toList(base), toList(over)];
    if (below === undefined || above === undefined) return over;
    const items = new Map<string, Tree>();
    for (const item of [...below.items, ...above.items]) items.set(keyOf(item), item);
    return { ...above, items: [...items.values()] };
  };
}

const build: MergeRule = (base, over, shape, maps) => maps(contextToMap(base), contextToMap(over), shape);

/** Options belong to their driver. */
const logging: MergeRule = (base, over, shape, maps) => {
  const [below, above] = [base, over].map((each) =>
    each.kind === "map" ? each.entries.get("driver") : undefined,
  );
  const same = below === undefined || above === undefined || fullText(below) === fullText(above);
  return same ? maps(base, over, shape) : over;
};

const SERVICE_RULES: Readonly<Record<string, MergeRule>> = {
  annotations: pairs,
  build,
  "build.additional_contexts": pairs,
  "build.args": pairs,
  "build.extra_hosts": unique(fullText),
  "build.labels": pairs,
  "build.tags": unique(fullText),
  cap_add: unique(fullText),
  cap_drop: unique(fullText),
  command: replaced,
  configs: unique(fileTarget("")),
  depends_on: named((name) =>
    mapAt(name, [
      ["condition", scalarAt(name, "service_started")],
      ["required", { ...scalarAt(name, null), value: true }],
    ]),
  ),
  "deploy.labels": pairs,
  devices: unique(deviceTarget),
  dns: unique(fullText),
  dns_opt: unique(fullText),
  dns_search: unique(fullText),
  entrypoint: replaced,
  env_file: unique(pathOfFile),
  environment: pairs,
  expose: unique(fullText),
  extra_hosts: unique(fullText),
  "healthcheck.test": replaced,
  label_file: unique(pathOfFile),
  labels: pairs,
  links: unique(fullText),
  logging,
  models: named((name) => scalarAt(name, null)),
  networks: named((name) => scalarAt(name, null)),
  "networks.*.aliases": unique(fullText),
  "networks.*.link_local_ips": unique(fullText),
  ports: unique(portKey),
  profiles: unique(fullText),
  secrets: unique(fileTarget("/run/secrets")),
  sysctls: pairs,
  tmpfs: unique(nameBeforeEquals),
  "ulimits.*": replaced,
  volumes: unique(mountTarget),
  "volumes.[].volume.labels": pairs,
  // Of a probe's kinds there is only one.
  "x-gantry.live": replaced,
  "x-gantry.ready": replaced,
  "x-gantry.startup": replaced,
};

const RULES: Readonly<Record<string, MergeRule>> = {
  ...Object.fromEntries(Object.entries(SERVICE_RULES).map(([key, rule]) => [`services.*.${key}`, rule])),
  "networks.*.labels": pairs,
  "networks.*.ipam.config": unique((entry) =>
    fullText(entry.kind === "map" ? (entry.entries.get("subnet") ?? entry) : entry),
  ),
  "volumes.*.labels": pairs,
  "configs.*.labels": pairs,
  "secrets.*.labels": pairs,
};

/** Places whose entries are named by the user. */
const NAMES = new Set([
  "services",
  "networks",
  "volumes",
  "configs",
  "secrets",
  "models",
  "images",
  "services.*.networks",
  "services.*.ulimits",
  "services.*.depends_on",
]);

export function ruleAt(shape: string): MergeRule | undefined {
  return Object.hasOwn(RULES, shape) ? RULES[shape] : undefined;
}

/** The shape of an entry of a map: its path, with `*` for names that are the user's. */
export function shapeBelow(shape: string, key: string): string {
  if (shape === "") return key;
  return `${shape}.${NAMES.has(shape) ? "*" : key}`;
}

function pairsToMap(tree: Tree): Tree | undefined {
  if (tree.kind === "scalar" && tree.value === null) return mapAt(tree, []);
  if (tree.kind !== "list") return tree;
  const entries = new Map<string, Tree>();
  for (const item of tree.items) {
    if (item.kind !== "scalar" || typeof item.value !== "string") return undefined;
    const equals = item.value.indexOf("=");
    const name = equals === -1 ? item.value : item.value.slice(0, equals);
    entries.set(name, { ...scalarAt(item, equals === -1 ? null : item.value.slice(equals + 1)) });
  }
  return mapAt(tree, entries);
}

function namesToMap(tree: Tree, value: (name: Tree) => Tree): Tree {
  if (tree.kind === "scalar" && tree.value === null) return mapAt(tree, []);
  if (tree.kind !== "list") return tree;
  return mapAt(
    tree,
    tree.items.map((item) => [fullText(item), value(item)]),
  );
}

function contextToMap(tree: Tree): Tree {
  return tree.kind === "scalar" ? mapAt(tree, [["context", tree]]) : tree;
}

/** `extra_hosts` may be a map too: of it the list of `name=address`. */
function toList(tree: Tree): ListTree | undefined {
  if (tree.kind === "list") return tree;
  if (tree.kind === "scalar")
    return { kind: "list", place: tree.place, items: tree.value === null ? [] : [tree] };
  const items: Tree[] = [];
  for (const [name, entry] of tree.entries)
    for (const each of entry.kind === "list" ? entry.items : [entry])
      items.push(scalarAt(each, `${name}=${fullText(each)}`));
  return { kind: "list", place: tree.place, items };
}
