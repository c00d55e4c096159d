import { posix } from "node:path";
import { mapAt, scalarAt } from "./tree.ts";
import type { Tree } from "./tree.ts";

/** Changes one value that names a file, or a map of which some entry does. */
type Relocate = (tree: Tree, folder: string) => Tree;

const KINDS: Readonly<Record<string, Relocate>> = {
  services: everyEntry((service, folder) => fields(service, folder, SERVICE)),
  configs: everyEntry((config, folder) => fields(config, folder, { file: anyPath })),
  secrets: everyEntry((secret, folder) => fields(secret, folder, { file: anyPath })),
  images: everyEntry((image, folder) => fields(image, folder, { import: anyPath, build: buildPaths })),
  volumes: everyEntry((volume, folder) =>
    fields(volume, folder, { driver_opts: (options) => fields(options, folder, { device: dottedPath }) }),
  ),
};

const SERVICE: Readonly<Record<string, Relocate>> = {
  build: buildPaths,
  credential_spec: (tree, folder) => fields(tree, folder, { file: anyPath }),
  develop: (tree, folder) =>
    fields(tree, folder, { watch: everyItem((rule) => fields(rule, folder, { path: anyPath })) }),
  env_file: everyItem((file, folder) =>
    file.kind === "map" ? fields(file, folder, { path: anyPath }) : anyPath(file, folder),
  ),
  label_file: everyItem(anyPath),
  security_opt: everyItem((option, folder) =>
    prefixed(option, /^(seccomp[=:])(?!unconfined$)/, (path) => posix.resolve(folder, path)),
  ),
  volumes: everyItem((mount, folder) =>
    mount.kind === "map" ? longMount(mount, folder) : dottedPath(mount, folder),
  ),
};

/**
 * The values of a file in another folder than the project's, with the paths that are relative to its own folder made
 * absolute. Undefined folder entries (`~`, volumes' names, URLs) are left alone.
 */
export function relocate(tree: Tree, folder: string): Tree {
  return fields(tree, folder, KINDS);
}

function buildPaths(tree: Tree, folder: string): Tree {
  return tree.kind === "scalar"
    ? contextPath(tree, folder)
    : fields(tree, folder, { context: contextPath, additional_contexts: everyEntry(contextPath) });
}

function fields(tree: Tree, folder: string, rules: Readonly<Record<string, Relocate>>): Tree {
  if (tree.kind !== "map") return tree;
  const entries = new Map<string, Tree>();
  for (const [key, entry] of tree.entries)
    entries.set(key, Object.hasOwn(rules, key) ? (rules[key]?.(entry, folder) ?? entry) : entry);
  return mapAt(tree, entries);
}

function everyEntry(rule: Relocate): Relocate {
  return (tree, folder) =>
    tree.kind === "map"
      ? mapAt(
          tree,
          [...tree.entries].map(([key, entry]) => [key, rule(entry, folder)]),
        )
      : everyItem(rule)(tree, folder);
}

/** A list, or the one value of it. */
function everyItem(rule: Relocate): Relocate {
  return (tree, folder) =>
    tree.kind === "list"
      ? { ...tree, items: tree.items.map((item) => rule(item, folder)) }
      : rule(tree, folder);
}

function anyPath(tree: Tree, folder: string): Tree {
  return changed(tree, (text) => (/^[~/]/.test(text) || text === "" ? text : posix.resolve(folder, text)));
}

/** Without a dot in front it is a volume's name, or means nothing to the file system. */
function dottedPath(tree: Tree, folder: string): Tree {
  return changed(tree, (text) => {
    if (!text.startsWith(".")) return text;
    const [path = "", ...rest] = text.split(":");
    return [posix.resolve(folder, path), ...rest].join(":");
  });
}

/** A folder, or a URL, or what `target:`, `service:` and `docker-image:` name. */
function contextPath(tree: Tree, folder: string): Tree {
  return changed(tree, (text) =>
    /^(~|\/|[a-z][a-z0-9+.-]*:|git@|github\.com\/)/.test(text) ? text : posix.resolve(folder, text),
  );
}

function longMount(mount: Tree, folder: string): Tree {
  const type = mount.kind === "map" ? mount.entries.get("type") : undefined;
  const isBind = type?.kind === "scalar" && type.value === "bind";
  return isBind ? fields(mount, folder, { source: anyPath }) : mount;
}

function prefixed(tree: Tree, prefix: RegExp, change: (rest: string) => string): Tree {
  return changed(tree, (text) => {
    const found = prefix.exec(text)?.[0];
    return found === undefined ? text : found + change(text.slice(found.length));
  });
}

function changed(tree: Tree, change: (text: string) => string): Tree {
  if (tree.kind !== "scalar" || typeof tree.value !== "string" || tree.broken === true) return tree;
  const text = change(tree.value);
  return text === tree.value ? tree : scalarAt(tree, text);
}
