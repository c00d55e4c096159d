import { posix } from "node:path";
import type { Path } from "./path.ts";
import type { Mount } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readTmpfs } from "./tmpfs.ts";

export interface DriverKeys {
  readonly driver?: string;
  readonly driver_opts?: Readonly<Record<string, string | number | boolean | null>>;
}

/** What a volume is instead of a folder of gantry's: a folder of the host's, or memory. */
export type VolumeDevice = (target: string, readOnly: boolean) => Mount;

/**
 * The options of docker's `local` driver, which are mount(8)'s: `o: bind` with a `device`, or `type: tmpfs`. Other file
 * systems are mounted by whoever runs the machine. Undefined for an ordinary volume.
 */
export function readVolumeDriver(
  map: DriverKeys,
  path: Path,
  report: Report,
  workingFolder: string,
): VolumeDevice | undefined {
  const { driver = "local", driver_opts: options = {} } = map;
  if (driver !== "local" && driver !== "") {
    report.error([...path, "driver"], `gantry has no volume plug-ins: there is no ${driver}; remove it`);
    return undefined;
  }
  if (Object.keys(options).length === 0) return undefined;
  return report.attempt([...path, "driver_opts"], () => {
    const text = (key: string) =>
      options[key] === undefined || options[key] === null ? "" : String(options[key]);
    const [type, device] = [text("type"), text("device")];
    const flags = text("o")
      .split(",")
      .filter((flag) => flag !== "");
    const unknown = Object.keys(options).find((key) => !["type", "o", "device"].includes(key));
    if (unknown !== undefined)
      throw new InvalidValue(`unknown option "${unknown}" (known are type, o and device)`);
    if (flags.includes("bind") || flags.includes("rbind")) return bindOf(device, flags, workingFolder);
    if (type === "tmpfs") return tmpfsOf(flags);
    throw new InvalidValue(
      `${type === "" ? "no type" : `the type "${type}"`} is not mounted by gantry; mount it on this machine, and use o: bind with its folder as device`,
    );
  });
}

function bindOf(device: string, flags: readonly string[], workingFolder: string): VolumeDevice {
  if (device === "") throw new InvalidValue("o: bind needs a device: the folder to bind");
  const source = posix.resolve(workingFolder, device);
  return (target, readOnly) => ({
    type: "bind",
    source,
    target,
    readOnly: readOnly || flags.includes("ro"),
    createSource: false,
  });
}

/** Checked once here, though its target comes with each use. */
function tmpfsOf(flags: readonly string[]): VolumeDevice {
  const read = (target: string) =>
    readTmpfs([target, flags.join(",")].filter((part) => part !== "").join(":"));
  read("/checked");
  return (target, readOnly) => ({ ...read(target), ...(readOnly ? { readOnly } : {}) });
}
