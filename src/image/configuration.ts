import { GantryError } from "../error.ts";
import type { ImageConfig } from "./image.ts";

/** An image configuration as the OCI image specification (config.md) has it, as far as gantry reads it. */
export interface Configuration {
  /** ms since the epoch; 0 when the image does not say. */
  readonly createdAt: number;
  /** `sha256:...` of the uncompressed layers, bottom first. */
  readonly diffIds: readonly string[];
  readonly config: ImageConfig;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** The JSON of a configuration, always the same for the same input: its digest is the image's id. */
export function formatConfiguration(configuration: Configuration, architecture: string): string {
  const { createdAt, diffIds, config } = configuration;
  const created = new Date(createdAt).toISOString();
  return JSON.stringify({
    created,
    architecture: ARCHITECTURES[architecture] ?? architecture,
    os: "linux",
    config: {
      ...(config.user === undefined ? {} : { User: config.user }),
      ...(config.exposedPorts.length === 0 ? {} : { ExposedPorts: emptyObjects(config.exposedPorts) }),
      ...(config.env === undefined ? {} : { Env: config.env }),
      ...(config.entrypoint === undefined ? {} : { Entrypoint: config.entrypoint }),
      ...(config.cmd === undefined ? {} : { Cmd: config.cmd }),
      ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
      ...(Object.keys(config.labels).length === 0 ? {} : { Labels: sorted(config.labels) }),
      ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    },
    rootfs: { type: "layers", diff_ids: diffIds },
    history: diffIds.map(() => ({ created, created_by: "gantry import" })),
  });
}

function emptyObjects(names: readonly string[]): Record<string, object> {
  return Object.fromEntries([...names].sort().map((name) => [name, {}]));
}

function sorted(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reads a configuration that anybody may have written. Throws image.invalid. */
export function parseConfiguration(text: string): Configuration {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new GantryError("image.invalid", "the image's configuration is not JSON", { cause });
  }
  const top = object(json, "the configuration");
  const config = object(top["config"] ?? {}, "config");
  const created = Date.parse(optionalText(top["created"], "created") ?? "");
  const entrypoint = optionalTexts(config["Entrypoint"], "config.Entrypoint");
  const cmd = optionalTexts(config["Cmd"], "config.Cmd");
  const env = optionalTexts(config["Env"], "config.Env");
  const workingDir = optionalText(config["WorkingDir"], "config.WorkingDir");
  const user = optionalText(config["User"], "config.User");
  const stopSignal = optionalText(config["StopSignal"], "config.StopSignal");
  const labels = Object.entries(object(config["Labels"] ?? {}, "config.Labels"));
  return {
    createdAt: Number.isNaN(created) ? 0 : created,
    diffIds: digests(object(top["rootfs"], "rootfs")["diff_ids"]),
    config: {
      ...(entrypoint === undefined ? {} : { entrypoint }),
      ...(cmd === undefined ? {} : { cmd }),
      ...(env === undefined ? {} : { env }),
      ...(workingDir === undefined || workingDir === "" ? {} : { workingDir }),
      ...(user === undefined || user === "" ? {} : { user }),
      ...(stopSignal === undefined || stopSignal === "" ? {} : { stopSignal }),
      labels: Object.fromEntries(
        labels.map(([name, value]) => [name, textOf(value, `config.Labels.${name}`)]),
      ),
      exposedPorts: Object.keys(object(config["ExposedPorts"] ?? {}, "config.ExposedPorts")),
    },
  };
}

function wrong(where: string, wanted: string): GantryError {
  return new GantryError("image.invalid", `the image's configuration is broken: ${where} is not ${wanted}`);
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(where, "an object");
  return value as Record<string, unknown>;
}

function textOf(value: unknown, where: string): string {
  if (typeof value !== "string" || value.includes("\0")) throw wrong(where, "a string");
  return value;
}

function optionalText(value: unknown, where: string): string | undefined {
  return value === undefined || value === null ? undefined : textOf(value, where);
}

function optionalTexts(value: unknown, where: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrong(where, "a list of strings");
  return value.map((item: unknown) => textOf(item, where));
}

/** They become names of folders, so nothing but a digest passes. */
function digests(value: unknown): readonly string[] {
  const ids = optionalTexts(value, "rootfs.diff_ids") ?? [];
  for (const id of ids)
    if (!/^sha256:[a-f0-9]{64}$/.test(id)) throw wrong("rootfs.diff_ids", "a list of digests");
  return ids;
}
