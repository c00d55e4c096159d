import type { ImageConfig, ImageHealthcheck } from "./image.ts";
import { type JsonObject, JsonShape } from "./json-shape.ts";
import { goArchitecture, machinePlatform, type Platform } from "./platform.ts";

/** An image configuration as the OCI image specification (config.md) has it, as far as gantry reads it. */
export interface Configuration {
  /** ms since the epoch; 0 when the image does not say. */
  readonly createdAt: number;
  /** `sha256:...` of the uncompressed layers, bottom first. */
  readonly diffIds: readonly string[];
  readonly config: ImageConfig;
}

/** `config.Healthcheck` of docker's image configuration; durations in nanoseconds. */
export interface HealthcheckJson {
  readonly Test: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** Durations in a configuration are nanoseconds. */
const NS_PER_MS = 1e6;
const SHAPE = new JsonShape("the image's configuration");

/** The JSON of a configuration, always the same for the same input: its digest is the image's id. */
export function formatConfiguration(configuration: Configuration, architecture: string): string {
  const { createdAt, diffIds, config } = configuration;
  const created = new Date(createdAt).toISOString();
  return JSON.stringify({
    created,
    architecture: goArchitecture(architecture),
    os: "linux",
    config: {
      ...(config.user === undefined ? {} : { User: config.user }),
      ...(config.exposedPorts.length === 0 ? {} : { ExposedPorts: emptyObjects(config.exposedPorts) }),
      ...(config.env === undefined ? {} : { Env: config.env }),
      ...(config.entrypoint === undefined ? {} : { Entrypoint: config.entrypoint }),
      ...(config.cmd === undefined ? {} : { Cmd: config.cmd }),
      ...(config.volumes === undefined ? {} : { Volumes: emptyObjects(config.volumes) }),
      ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
      ...(Object.keys(config.labels).length === 0 ? {} : { Labels: sorted(config.labels) }),
      ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
      ...(config.stopTimeoutMs === undefined ? {} : { StopTimeout: Math.ceil(config.stopTimeoutMs / 1000) }),
      ...(config.healthcheck === undefined ? {} : { Healthcheck: formatHealthcheck(config.healthcheck) }),
      ...(config.shell === undefined ? {} : { Shell: config.shell }),
      ...(config.onBuild === undefined ? {} : { OnBuild: config.onBuild }),
    },
    rootfs: { type: "layers", diff_ids: diffIds },
    history: diffIds.map(() => ({ created, created_by: "gantry import" })),
  });
}

/** As the configuration has it: durations in nanoseconds. */
export function formatHealthcheck(check: ImageHealthcheck): HealthcheckJson {
  const ns = (name: string, ms: number | undefined): object =>
    ms === undefined ? {} : { [name]: Math.round(ms * NS_PER_MS) };
  return {
    Test: check.test,
    ...ns("Interval", check.intervalMs),
    ...ns("Timeout", check.timeoutMs),
    ...ns("StartPeriod", check.startPeriodMs),
    ...ns("StartInterval", check.startIntervalMs),
    ...(check.retries === undefined ? {} : { Retries: check.retries }),
  };
}

function emptyObjects(names: readonly string[]): Record<string, object> {
  return Object.fromEntries([...names].sort().map((name) => [name, {}]));
}

function sorted(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reads a configuration that anybody may have written. Throws image.invalid. */
export function parseConfiguration(text: string): Configuration {
  const top = SHAPE.parse(text);
  const created = Date.parse(SHAPE.optionalText(top["created"], "created") ?? "");
  const diffIds = SHAPE.optionalTexts(SHAPE.object(top["rootfs"], "rootfs")["diff_ids"], "rootfs.diff_ids");
  return {
    createdAt: Number.isNaN(created) ? 0 : created,
    diffIds: (diffIds ?? []).map((id) => SHAPE.digest(id, "rootfs.diff_ids")),
    config: readConfig(SHAPE.optionalObject(top["config"], "config")),
  };
}

/** What an image runs on; this machine where it does not say. Throws image.invalid. */
export function configurationPlatform(text: string): Platform {
  const top = SHAPE.parse(text);
  const machine = machinePlatform();
  const variant = SHAPE.optionalText(top["variant"], "variant");
  return {
    os: SHAPE.optionalText(top["os"], "os") || machine.os,
    architecture: SHAPE.optionalText(top["architecture"], "architecture") || machine.architecture,
    ...(variant ? { variant } : {}),
  };
}

function readConfig(config: JsonObject): ImageConfig {
  const texts = (name: string) => SHAPE.optionalTexts(config[name], `config.${name}`);
  /** Docker writes the empty string for what is not set. */
  const text = (name: string) => SHAPE.optionalText(config[name], `config.${name}`) || undefined;
  const names = (name: string) => Object.keys(SHAPE.optionalObject(config[name], `config.${name}`));
  const entrypoint = texts("Entrypoint");
  const cmd = texts("Cmd");
  const env = texts("Env");
  const workingDir = text("WorkingDir");
  const user = text("User");
  const stopSignal = text("StopSignal");
  const stopTimeout = SHAPE.optionalCount(config["StopTimeout"], "config.StopTimeout");
  const labels = Object.entries(SHAPE.optionalObject(config["Labels"], "config.Labels"));
  const volumes = names("Volumes").sort();
  const healthcheck = readHealthcheck(config["Healthcheck"]);
  const shell = texts("Shell");
  const onBuild = texts("OnBuild");
  return {
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(cmd === undefined ? {} : { cmd }),
    ...(env === undefined ? {} : { env }),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(user === undefined ? {} : { user }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(stopTimeout === undefined ? {} : { stopTimeoutMs: stopTimeout * 1000 }),
    labels: Object.fromEntries(
      labels.map(([name, value]) => [name, SHAPE.text(value, `config.Labels.${name}`)]),
    ),
    exposedPorts: names("ExposedPorts"),
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(healthcheck === undefined ? {} : { healthcheck }),
    ...(shell === undefined ? {} : { shell }),
    ...(onBuild === undefined || onBuild.length === 0 ? {} : { onBuild }),
  };
}

function readHealthcheck(value: unknown): ImageHealthcheck | undefined {
  if (value === undefined || value === null) return undefined;
  const check = SHAPE.object(value, "config.Healthcheck");
  const where = (name: string): string => `config.Healthcheck.${name}`;
  /** 0 inherits, as if it were absent. */
  const ms = (name: string, key: keyof ImageHealthcheck): Partial<ImageHealthcheck> => {
    const ns = SHAPE.optionalCount(check[name], where(name)) ?? 0;
    return ns === 0 ? {} : { [key]: ns / NS_PER_MS };
  };
  const retries = SHAPE.optionalCount(check["Retries"], where("Retries")) ?? 0;
  return {
    test: SHAPE.optionalTexts(check["Test"], where("Test")) ?? [],
    ...ms("Interval", "intervalMs"),
    ...ms("Timeout", "timeoutMs"),
    ...ms("StartPeriod", "startPeriodMs"),
    ...ms("StartInterval", "startIntervalMs"),
    ...(retries === 0 ? {} : { retries }),
  };
}
