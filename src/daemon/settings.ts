import { readFile } from "node:fs/promises";
import { GantryError, messageOf } from "../error.ts";
import { DEFAULT_SETTINGS, type RegistrySettings } from "../registry/settings.ts";

/** What the machine's owner says in the daemon's configuration file. */
export interface Settings {
  readonly registries: RegistrySettings;
}

const DEFAULT_FILE = "/etc/gantry/daemon.yaml";

/**
 * Reads the file that GANTRY_CONFIG names, else /etc/gantry/daemon.yaml if there is one. Throws request.invalid for one
 * that cannot be used: a daemon that ignores what its owner wrote would be worse than none.
 */
export async function readSettings(env: Readonly<Record<string, string | undefined>>): Promise<Settings> {
  const named = env["GANTRY_CONFIG"];
  const path = named ?? DEFAULT_FILE;
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && named === undefined) return "";
    throw wrong(path, messageOf(error));
  });
  if (text === "") return settingsOf({}, path);
  const { parse } = await import("yaml"); // most machines have no such file
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    throw wrong(path, messageOf(error));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(path, "it is not a map");
  return settingsOf(value as Readonly<Record<string, unknown>>, path);
}

const KEYS = ["registry_mirrors", "insecure_registries", "certificates", "parallel_downloads"];

function settingsOf(value: Readonly<Record<string, unknown>>, path: string): Settings {
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw wrong(path, `there is no key ${unknown}; there are ${KEYS.join(", ")}`);
  const { certificateFolders, parallelDownloads } = DEFAULT_SETTINGS;
  const certificates = value["certificates"];
  const parallel = value["parallel_downloads"] ?? parallelDownloads;
  if (certificates !== undefined && typeof certificates !== "string")
    throw wrong(path, "certificates is not a folder's path");
  if (!Number.isInteger(parallel) || (parallel as number) < 1 || (parallel as number) > 64)
    throw wrong(path, "parallel_downloads is not a number from 1 to 64");
  return {
    registries: {
      mirrors: mirrorsIn(value["registry_mirrors"] ?? [], path),
      insecure: hostsIn(value["insecure_registries"] ?? [], "insecure_registries", path),
      certificateFolders: certificates === undefined ? certificateFolders : [certificates],
      parallelDownloads: parallel as number,
    },
  };
}

/** A list is for Docker's own registry, as docker has it; a map names the registry. */
function mirrorsIn(value: unknown, path: string): RegistrySettings["mirrors"] {
  const map = Array.isArray(value) ? { "docker.io": value as unknown } : value;
  if (typeof map !== "object" || map === null)
    throw wrong(path, "registry_mirrors is no list and no map of lists");
  return Object.fromEntries(
    Object.entries(map).map(([domain, list]) => [domain, hostsIn(list, `registry_mirrors.${domain}`, path)]),
  );
}

function hostsIn(value: unknown, key: string, path: string): readonly string[] {
  if (!Array.isArray(value)) throw wrong(path, `${key} is not a list`);
  return value.map((item: unknown) => {
    const host = typeof item === "string" ? item.replace(/^https?:\/\//, "").replace(/\/+$/, "") : "";
    if (/^[\w.-]+(?::\d+)?$|^\[[\da-fA-F:]+\](?::\d+)?$/.test(host)) return host;
    throw wrong(path, `${key}: ${JSON.stringify(item)} is not host[:port]`);
  });
}

function wrong(path: string, why: string): GantryError {
  return new GantryError("request.invalid", `the daemon's configuration ${path} cannot be used: ${why}`, {
    next: "see docs/images.md and mend it",
  });
}
