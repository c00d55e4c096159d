import { resolve } from "node:path";
import { GantryError } from "../../error.ts";
import { readBytes } from "../../spec/size.ts";

type Json = Readonly<Record<string, unknown>>;

/** Docker's names for one thing. */
const ALIASES: Readonly<Record<string, string>> = {
  src: "source",
  dst: "target",
  destination: "target",
  ro: "readonly",
};
const KNOWN = new Set([
  "type",
  "source",
  "target",
  "readonly",
  "bind-propagation",
  "bind-nonrecursive",
  "volume-nocopy",
  "volume-driver",
  "volume-label",
  "volume-subpath",
  "tmpfs-size",
  "tmpfs-mode",
]);

/** `--mount type=bind,source=/a,target=/b,readonly` as a Mount of the Engine API. Throws request.invalid. */
export function mountOf(text: string, cwd: string): Json {
  const words = new Map<string, string>();
  const labels: Record<string, string> = {};
  for (const field of text.split(",")) {
    const at = field.indexOf("=");
    const written = at === -1 ? field : field.slice(0, at);
    const name = ALIASES[written.toLowerCase()] ?? written.toLowerCase();
    const value = at === -1 ? "true" : field.slice(at + 1);
    if (!KNOWN.has(name)) throw wrong(text, `there is no ${written}`);
    if (name === "volume-label") Object.assign(labels, Object.fromEntries([value.split("=", 2)]) as object);
    else words.set(name, value);
  }
  const [type, source, target] = [words.get("type") ?? "volume", words.get("source"), words.get("target")];
  if (target === undefined) throw wrong(text, "it names no target");
  const flag = (name: string): boolean => ["true", "1"].includes(words.get(name) ?? "false");
  const driver = words.get("volume-driver");
  const subpath = words.get("volume-subpath");
  const size = words.get("tmpfs-size");
  const mode = words.get("tmpfs-mode");
  return {
    Type: type,
    ...(source === undefined ? {} : { Source: type === "bind" ? resolve(cwd, source) : source }),
    Target: target,
    ReadOnly: flag("readonly"),
    ...(type === "bind" && {
      BindOptions: {
        ...(words.has("bind-propagation") && { Propagation: words.get("bind-propagation") }),
        ...(flag("bind-nonrecursive") && { NonRecursive: true }),
      },
    }),
    ...(type === "volume" && {
      VolumeOptions: {
        ...(flag("volume-nocopy") && { NoCopy: true }),
        ...(driver === undefined ? {} : { DriverConfig: { Name: driver } }),
        ...(subpath === undefined ? {} : { Subpath: subpath }),
        ...(Object.keys(labels).length > 0 && { Labels: labels }),
      },
    }),
    ...(type === "tmpfs" && {
      TmpfsOptions: {
        ...(size === undefined ? {} : { SizeBytes: readBytes(size) }),
        ...(mode === undefined ? {} : { Mode: Number.parseInt(mode, 8) }),
      },
    }),
  };
}

function wrong(text: string, why: string): GantryError {
  return new GantryError("request.invalid", `--mount ${text}: ${why}`);
}
