import { posix } from "node:path";
import { readMode } from "./mode.ts";
import type { Mount } from "./project.ts";
import type { VolumeDevice } from "./volume-driver.ts";
import { InvalidValue } from "./report.ts";
import { readBoolean } from "./scalar.ts";
import type { Integer } from "./scalar.ts";
import { readBytes } from "./size.ts";

/** The long form, once the schema has passed it. */
export interface MountMap {
  readonly type: "bind" | "volume" | "tmpfs" | "image" | "cluster" | "npipe";
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean | string;
  readonly bind?: { readonly create_host_path?: boolean | string };
  readonly volume?: { readonly nocopy?: boolean | string };
  readonly tmpfs?: { readonly size?: number | string; readonly mode?: Integer };
}

/** What the paths and names of a mount are resolved against. */
export interface MountContext {
  readonly workingFolder: string;
  /** Value of HOME; `~` is an error without it. */
  readonly home: string | undefined;
  /** The real name of a volume the file declares; undefined for one it does not. */
  readonly volumeName: (key: string) => string | undefined;
  /** What a declared volume is, where its driver's options make it something else. */
  readonly volumeDevice: (key: string) => VolumeDevice | undefined;
  /** The tmpfs mode as it is written, since YAML reads `0755` as a decimal number. */
  readonly writtenMode: string | undefined;
  /** Told of a short form's option that has no effect yet. */
  readonly unbuilt: (option: string) => void;
}

/** Desktop systems' consistency hints mean nothing on Linux, and relabelling (z, Z) nothing without SELinux. */
const WITHOUT_EFFECT = new Set(["rw", "z", "Z", "cached", "delegated", "consistent"]);
const NOT_BUILT = new Set(["shared", "rshared", "slave", "rslave", "private", "rprivate"]);

/** One entry of `volumes`: `name:/path[:ro]`, `./folder:/path`, `~/folder:/path`, `/path`, or a map. Throws InvalidValue. */
export function readMount(entry: string | MountMap, context: MountContext): Mount {
  return typeof entry === "string" ? shortForm(entry, context) : longForm(entry, context);
}

function shortForm(text: string, context: MountContext): Mount {
  const parts = text.split(":");
  const [first = "", second, options] = parts;
  if (parts.length > 3 || parts.includes(""))
    throw new InvalidValue(`expected a mount such as data:/path, ./folder:/path:ro or /path, got "${text}"`);
  if (second === undefined) return { type: "volume", target: readTarget(first), readOnly: false };
  let readOnly = false;
  let noCopy = false;
  for (const option of options?.split(",") ?? []) {
    if (option === "ro") readOnly = true;
    else if (option === "nocopy") noCopy = true;
    else if (NOT_BUILT.has(option)) context.unbuilt(option);
    else if (!WITHOUT_EFFECT.has(option))
      throw new InvalidValue(`unknown mount option "${option}" (known are ro, rw, z, Z and nocopy)`);
  }
  const target = readTarget(second);
  if (/^[./~]/.test(first))
    return { type: "bind", source: hostPath(first, context), target, readOnly, createSource: true };
  return volumeMount(first, target, { readOnly, noCopy }, context);
}

function volumeMount(
  key: string,
  target: string,
  { readOnly, noCopy }: { readonly readOnly: boolean; readonly noCopy: boolean },
  context: MountContext,
): Mount {
  const source = declared(key, context);
  const device = context.volumeDevice(key)?.(target, readOnly);
  return device ?? { type: "volume", source, target, readOnly, ...(noCopy ? { noCopy } : {}) };
}

function longForm(entry: MountMap, context: MountContext): Mount {
  const target = readTarget(entry.target);
  const readOnly = entry.read_only !== undefined && readBoolean(entry.read_only);
  switch (entry.type) {
    case "bind": {
      if (entry.source === undefined) throw new InvalidValue('a bind mount needs a "source"');
      const createSource = readBoolean(entry.bind?.create_host_path ?? true);
      return { type: "bind", source: hostPath(entry.source, context), target, readOnly, createSource };
    }
    case "volume": {
      if (entry.source === undefined) return { type: "volume", target, readOnly };
      const noCopy = readBoolean(entry.volume?.nocopy ?? false);
      return volumeMount(entry.source, target, { readOnly, noCopy }, context);
    }
    case "tmpfs": {
      if (entry.source !== undefined) throw new InvalidValue('a tmpfs mount takes no "source"');
      const { size, mode } = entry.tmpfs ?? {};
      return {
        type: "tmpfs",
        target,
        ...(size === undefined ? {} : { sizeBytes: readBytes(size) }),
        ...(mode === undefined ? {} : { mode: readMode(context.writtenMode ?? String(mode)) }),
      };
    }
    default:
      throw new InvalidValue(`mounts of type ${entry.type} are not built yet`);
  }
}

/** The file system path a spec means: relative to its folder, `~` being the user's home. Throws InvalidValue. */
export function hostPath(path: string, context: Pick<MountContext, "workingFolder" | "home">): string {
  if (path === "") throw new InvalidValue("the path is empty");
  if (!path.startsWith("~")) return posix.resolve(context.workingFolder, path);
  if (path !== "~" && !path.startsWith("~/"))
    throw new InvalidValue(`"${path}": other users' homes are not known`);
  if (context.home === undefined) throw new InvalidValue(`"${path}" needs the variable HOME`);
  return posix.resolve(context.home, `.${path.slice(1)}`);
}

/** An absolute path inside a container, without `..`, doubled or trailing slashes. Throws InvalidValue. */
export function readContainerPath(path: string): string {
  if (!path.startsWith("/")) throw new InvalidValue(`"${path}" is not an absolute path inside the container`);
  return posix.resolve("/", path);
}

/** Where something can be mounted. Throws InvalidValue. */
export function readTarget(path: string): string {
  const target = readContainerPath(path);
  if (target === "/") throw new InvalidValue("nothing can be mounted over the container's root");
  return target;
}

function declared(key: string, context: MountContext): string {
  const name = context.volumeName(key);
  if (name === undefined)
    throw new InvalidValue(
      `the volume "${key}" is not declared; add it to the top-level volumes, or write ./${key}`,
    );
  return name;
}
