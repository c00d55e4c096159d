import type { Path } from "./path.ts";
import type { Log } from "./project.ts";
import { InvalidValue } from "./report.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";
import { readBytes } from "./size.ts";

export interface LoggingMap {
  readonly driver?: string;
  readonly options?: Readonly<Record<string, Integer | null>>;
}

/** Drivers of docker that mean files on this machine, and how many of them at their default. */
const FILES: ReadonlyMap<string, number> = new Map([
  ["json-file", 1],
  ["local", 5],
]);
/** Options that change how docker writes a line, which nobody sees here. */
const WITHOUT_EFFECT = new Set([
  "compress",
  "labels",
  "labels-regex",
  "env",
  "env-regex",
  "tag",
  "mode",
  "max-buffer-size",
]);
const MIN_BYTES = 4096;
const MAX_FILES = 1000;

/** What becomes of a service's output; undefined for gantry's own way. */
export function readLogging(map: LoggingMap | undefined, path: Path, report: Report): Log | undefined {
  if (map === undefined) return undefined;
  const driver = map.driver === undefined || map.driver === "" ? "json-file" : map.driver;
  if (driver === "none") return { driver: "none" };
  const files = FILES.get(driver);
  if (files === undefined) {
    const message = `gantry keeps the output itself and sends it nowhere, so no ${driver}: json-file, local or none (a collector can read gantry logs -f)`;
    report.error([...path, "driver"], message);
    return undefined;
  }
  const option = <T>(key: string, parse: (value: Integer) => T): T | undefined => {
    const value = map.options?.[key];
    if (value === undefined || value === null) return undefined;
    return report.attempt([...path, "options", key], () => parse(value));
  };
  for (const key of Object.keys(map.options ?? {})) {
    const where = [...path, "options", key];
    if (WITHOUT_EFFECT.has(key)) report.warning(where, "has no effect: lines are kept as they are");
    else if (key !== "max-size" && key !== "max-file")
      report.error(where, "unknown option (known are max-size and max-file)", "key");
  }
  const maxBytes = option("max-size", readMaxBytes);
  const maxFiles = option("max-file", (value) => readInteger(value, 1, MAX_FILES));
  if (maxBytes === undefined && maxFiles === undefined) return undefined;
  return {
    driver: "files",
    ...(maxBytes === undefined ? {} : { maxBytes, maxFiles: maxFiles ?? files }),
    ...(maxFiles === undefined ? {} : { maxFiles }),
  };
}

/** -1 is docker's word for no limit, which no disk has. */
function readMaxBytes(value: Integer): number | undefined {
  if (String(value) === "-1") return undefined;
  const bytes = readBytes(value);
  if (bytes < MIN_BYTES) throw new InvalidValue(`expected at least 4k, got ${value}`);
  return bytes;
}
