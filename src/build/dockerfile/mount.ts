import { messageOf } from "../../error.ts";
import { readBytes } from "../../spec/size.ts";
import { didYouMean } from "../../spec/suggest.ts";
import { fault, type Place } from "./instruction.ts";

/** A RUN --mount, its paths and names still with variables. */
export type RunMount =
  | {
      readonly type: "bind";
      readonly target: string;
      readonly source: string;
      readonly from?: string;
      readonly writable: boolean;
    }
  | {
      readonly type: "cache";
      readonly target: string;
      /** Builds that name the same one share it; the target where it has none. */
      readonly id?: string;
      readonly source: string;
      readonly from?: string;
      readonly readOnly: boolean;
      readonly sharing: "shared" | "private" | "locked";
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly type: "tmpfs"; readonly target: string; readonly sizeBytes?: number }
  | {
      readonly type: "secret" | "ssh";
      readonly id?: string;
      readonly target?: string;
      /** Name of the variable that holds it instead of a file. */
      readonly env?: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

const KEYS: Readonly<Record<string, readonly string[]>> = {
  bind: ["target", "source", "from", "rw"],
  cache: ["target", "id", "source", "from", "ro", "sharing", "mode", "uid", "gid"],
  tmpfs: ["target", "size"],
  secret: ["id", "target", "env", "required", "mode", "uid", "gid"],
  ssh: ["id", "target", "required", "mode", "uid", "gid"],
};
const SYNONYMS: Readonly<Record<string, string>> = {
  dst: "target",
  destination: "target",
  src: "source",
  readwrite: "rw",
  readonly: "ro",
};

/** Reads the value of RUN --mount: `type=cache,target=/root/.cache`. Throws spec.invalid. */
export function readMount(text: string, place: Place): RunMount {
  const given = new Map<string, string>();
  for (const part of text.split(",")) {
    const [, written = "", value = "true"] = /^\s*([^=]*?)\s*(?:=([^]*))?$/.exec(part) ?? [];
    const lower = written.toLowerCase();
    const key = SYNONYMS[lower] ?? lower;
    // The other way to say what is no default: rw=false is ro.
    if (lower === "ro" && given.get("type") !== "cache")
      given.set("rw", value === "false" ? "true" : "false");
    else if (lower === "rw" && given.get("type") === "cache")
      given.set("ro", value === "false" ? "true" : "false");
    else given.set(key, value);
  }
  const type = given.get("type") ?? "bind";
  given.delete("type");
  if (!Object.hasOwn(KEYS, type))
    throw fault(place, `--mount of an unknown type ${type}${didYouMean(type, Object.keys(KEYS))}`);
  const known = KEYS[type] ?? [];
  for (const key of given.keys())
    if (!known.includes(key))
      throw fault(place, `--mount=type=${type} knows no ${key}${didYouMean(key, known)}`);

  const target = given.get("target");
  const needed = (): string => {
    if (target === undefined || target === "") throw fault(place, `--mount=type=${type} needs a target`);
    return target;
  };
  const flag = (key: string): boolean => {
    const value = given.get(key) ?? "false";
    if (value !== "true" && value !== "false")
      throw fault(place, `${key} of --mount is true or false, not ${value}`);
    return value === "true";
  };
  const number = (key: string, base: number, otherwise: number): number => {
    const value = given.get(key);
    if (value === undefined) return otherwise;
    if (!(base === 8 ? /^0?[0-7]{1,5}$/ : /^\d{1,10}$/).test(value))
      throw fault(place, `${key} of --mount is a number, not ${value}`);
    return parseInt(value, base);
  };
  const optional = <K extends string>(key: K): { readonly [P in K]?: string } => {
    const value = given.get(key);
    return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string };
  };
  const source = given.get("source") ?? "/";
  switch (type) {
    case "bind":
      return { type, target: needed(), source, ...optional("from"), writable: flag("rw") };
    case "cache": {
      const sharing = given.get("sharing") ?? "shared";
      if (sharing !== "shared" && sharing !== "private" && sharing !== "locked")
        throw fault(place, `sharing is shared, private or locked, not ${sharing}`);
      return {
        type,
        target: needed(),
        source,
        ...optional("from"),
        ...optional("id"),
        readOnly: flag("ro"),
        sharing,
        ...owned(0o755),
      };
    }
    case "tmpfs": {
      const size = given.get("size");
      return { type, target: needed(), ...(size === undefined ? {} : { sizeBytes: bytes(size) }) };
    }
    default:
      return {
        type: type === "ssh" ? "ssh" : "secret",
        ...optional("id"),
        ...optional("target"),
        ...optional("env"),
        required: flag("required"),
        ...owned(type === "ssh" ? 0o600 : 0o400),
      };
  }

  function bytes(size: string): number {
    try {
      return readBytes(size);
    } catch (error) {
      throw fault(place, `size of --mount: ${messageOf(error)}`);
    }
  }

  function owned(mode: number): { readonly mode: number; readonly uid: number; readonly gid: number } {
    return { mode: number("mode", 8, mode), uid: number("uid", 10, 0), gid: number("gid", 10, 0) };
  }
}
