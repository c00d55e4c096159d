import type { ContainerMount } from "../../../runtime/container.ts";
import { type MountContext, type MountMap, readMount } from "../../../spec/mount.ts";
import { readTmpfs } from "../../../spec/tmpfs.ts";
import { booleanIn, integerIn, type JsonObject, objectIn, objectsIn, textIn, textsIn } from "../bodies.ts";
import { invalid, NotBuiltError } from "../errors.ts";
import type { RequestReport } from "./request-report.ts";

/** What gantry does anyway: no mount travels from or to a container. */
const AS_IT_IS = new Set(["private", "rprivate"]);

const CONTEXT: MountContext = {
  workingFolder: "/",
  home: undefined,
  volumeName: (name) => name,
  volumeDevice: () => undefined,
  writtenMode: undefined,
  unbuilt: (option) => {
    if (!AS_IT_IS.has(option)) throw new NotBuiltError(`the mount option "${option}"`);
  },
};

/** All that is mounted: Binds, Mounts, Tmpfs and the anonymous volumes of Config.Volumes. Throws request.invalid. */
export function mountsOf(
  config: JsonObject,
  hostConfig: JsonObject,
  report: RequestReport,
): readonly ContainerMount[] {
  const mounts = new Map<string, ContainerMount>();
  const add = (where: readonly (string | number)[], parse: () => ContainerMount): void => {
    const mount = report.attempt(where, parse);
    if (mount === undefined) return;
    if (mounts.has(mount.target)) throw invalid(`Duplicate mount point: ${mount.target}`);
    mounts.set(mount.target, mount);
  };
  for (const [index, text] of (textsIn(hostConfig, "Binds") ?? []).entries())
    add(["HostConfig", "Binds", index], () => readMount(withoutRelativeSource(text), CONTEXT));
  for (const [index, mount] of objectsIn(hostConfig, "Mounts").entries())
    add(["HostConfig", "Mounts", index], () => readOne(mount));
  for (const [target, options] of Object.entries(objectIn(hostConfig, "Tmpfs")))
    add(["HostConfig", "Tmpfs", target], () => readTmpfs(options ? `${target}:${textOf(options)}` : target));
  for (const target of Object.keys(objectIn(config, "Volumes")))
    if (!mounts.has(target)) add(["Volumes", target], () => readMount({ type: "volume", target }, CONTEXT));
  return [...mounts.values()];
}

/** Only the client knows what a relative path is relative to. */
function withoutRelativeSource(text: string): string {
  if (!/^[.~]/.test(text)) return text;
  throw invalid(`invalid volume specification: '${text}'`, "give the source as an absolute path");
}

function readOne(mount: JsonObject): ContainerMount {
  const type = textIn(mount, "Type") ?? "";
  const [source, target] = [textIn(mount, "Source"), textIn(mount, "Target") ?? ""];
  const common = {
    ...(source === undefined ? {} : { source }),
    target,
    read_only: booleanIn(mount, "ReadOnly"),
  };
  if (type === "bind") return readMount(bindMap(mount, common), CONTEXT);
  if (type === "volume") {
    const options = objectIn(mount, "VolumeOptions");
    if (textIn(options, "Subpath") !== undefined) throw new NotBuiltError("VolumeOptions.Subpath");
    if (Object.keys(objectIn(options, "Labels")).length > 0) throw new NotBuiltError("VolumeOptions.Labels");
    const driver = textIn(objectIn(options, "DriverConfig"), "Name") ?? "local";
    if (driver !== "local") throw new NotBuiltError(`the volume driver "${driver}"`);
    return readMount({ ...common, type, volume: { nocopy: booleanIn(options, "NoCopy") } }, CONTEXT);
  }
  if (type !== "tmpfs") throw new NotBuiltError(`a mount of type "${type}"`);
  const options = objectIn(mount, "TmpfsOptions");
  const [size, mode] = [integerIn(options, "SizeBytes"), integerIn(options, "Mode")];
  return {
    ...readTmpfs(target),
    ...(size ? { sizeBytes: size } : {}),
    ...(mode ? { mode: mode & 0o7777 } : {}),
    ...(common.read_only ? { readOnly: true } : {}),
  };
}

function bindMap(mount: JsonObject, common: Omit<MountMap, "type">): MountMap {
  const options = objectIn(mount, "BindOptions");
  const propagation = textIn(options, "Propagation") ?? "rprivate";
  if (!AS_IT_IS.has(propagation)) throw new NotBuiltError(`bind propagation "${propagation}"`);
  if (booleanIn(options, "NonRecursive")) throw new NotBuiltError("BindOptions.NonRecursive");
  if (common.source?.startsWith("/") !== true)
    throw invalid(`invalid mount config for type "bind": '${common.source ?? ""}' is not an absolute path`);
  return { ...common, type: "bind", bind: { create_host_path: booleanIn(options, "CreateMountpoint") } };
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw invalid("HostConfig.Tmpfs: options must be strings");
  return value;
}
