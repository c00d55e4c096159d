import { readFileSync } from "node:fs";
import { errnoOf } from "../host/errno.ts";
import { Fields } from "./fields.ts";
import { OciError } from "./oci-error.ts";

/** config.json of a bundle as far as it is understood (runtime-spec config.md, config-linux.md). */
export interface Bundle {
  readonly ociVersion: string;
  readonly process: BundleProcess | undefined;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname: string;
  readonly domainname: string;
  readonly mounts: readonly BundleMount[];
  readonly hooks: Readonly<Record<HookKind, readonly BundleHook[]>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly namespaces: readonly BundleNamespace[];
  readonly uidMappings: readonly IdMapping[];
  readonly gidMappings: readonly IdMapping[];
  readonly devices: readonly BundleDevice[];
  readonly cgroupsPath: string;
  /** Read by resources.ts. */
  readonly resources: Fields | undefined;
  readonly rootfsPropagation: string;
  /** Read by filter.ts. */
  readonly seccomp: Fields | undefined;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly sysctl: Readonly<Record<string, string>>;
}

export interface BundleProcess {
  readonly terminal: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly uid: number;
  readonly gid: number;
  readonly umask: number | undefined;
  readonly additionalGids: readonly number[];
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<Record<CapabilitySet, readonly string[]>>;
  readonly rlimits: readonly { readonly type: string; readonly soft: bigint; readonly hard: bigint }[];
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj: number | undefined;
}

export const CAPABILITY_SETS = ["bounding", "effective", "permitted", "inheritable", "ambient"] as const;
export type CapabilitySet = (typeof CAPABILITY_SETS)[number];

export interface BundleMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export const HOOK_KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
export type HookKind = (typeof HOOK_KINDS)[number];

export interface BundleHook {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Seconds; 0 is for ever. */
  readonly timeout: number;
}

export interface BundleNamespace {
  readonly type: string;
  /** Empty: a new one. */
  readonly path: string;
}

export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

export interface BundleDevice {
  readonly path: string;
  readonly type: string;
  readonly major: number;
  readonly minor: number;
  readonly fileMode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The file's text as JSON. Throws OciError when it is not there or is none. */
export function readConfig(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") throw new OciError("JSON specification file config.json not found");
    throw error;
  }
  return parseJson(text);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new OciError(error instanceof Error ? error.message : String(error));
  }
}

/** What a parsed config.json says. Unknown properties are ignored, as the specification demands. Throws OciError. */
export function parseBundle(json: unknown): Bundle {
  const config = new Fields(json, "");
  const root = config.fields("root");
  const linux = config.fields("linux") ?? new Fields({}, "linux");
  const process = config.fields("process");
  const hooks = config.fields("hooks");
  return {
    ociVersion: config.text("ociVersion"),
    process: process === undefined ? undefined : parseProcess(process),
    root: { path: root?.text("path") ?? "", readonly: root?.flag("readonly") ?? false },
    hostname: config.text("hostname"),
    domainname: config.text("domainname"),
    mounts: config.fieldsList("mounts").map(parseMount),
    hooks: Object.fromEntries(
      HOOK_KINDS.map((kind) => [kind, hooks?.fieldsList(kind).map(parseHook) ?? []]),
    ) as unknown as Bundle["hooks"],
    annotations: config.map("annotations"),
    namespaces: linux
      .fieldsList("namespaces")
      .map((one) => ({ type: one.text("type"), path: one.text("path") })),
    uidMappings: linux.fieldsList("uidMappings").map(parseMapping),
    gidMappings: linux.fieldsList("gidMappings").map(parseMapping),
    devices: linux.fieldsList("devices").map(parseDevice),
    cgroupsPath: linux.text("cgroupsPath"),
    resources: linux.fields("resources"),
    rootfsPropagation: linux.text("rootfsPropagation"),
    seccomp: linux.fields("seccomp"),
    maskedPaths: linux.texts("maskedPaths"),
    readonlyPaths: linux.texts("readonlyPaths"),
    sysctl: linux.map("sysctl"),
  };
}

/** `process` of a config.json, or the whole of a process.json. */
export function parseProcess(process: Fields): BundleProcess {
  const user = process.fields("user");
  const size = process.fields("consoleSize");
  const capabilities = process.fields("capabilities");
  for (const name of ["apparmorProfile", "selinuxLabel"])
    if (process.text(name) !== "")
      throw new OciError(`${name} is specified in config, but gantry applies no labels of security modules`);
  return {
    terminal: process.flag("terminal"),
    rows: size?.unsigned("height", 0xffff) ?? 0,
    columns: size?.unsigned("width", 0xffff) ?? 0,
    uid: user?.unsigned("uid") ?? 0,
    gid: user?.unsigned("gid") ?? 0,
    umask: user?.unsigned("umask", 0o777),
    additionalGids: user?.list("additionalGids").map(Number) ?? [],
    args: process.texts("args"),
    env: process.texts("env"),
    cwd: process.text("cwd"),
    capabilities: Object.fromEntries(
      CAPABILITY_SETS.map((set) => [set, capabilities?.texts(set) ?? []]),
    ) as BundleProcess["capabilities"],
    rlimits: process.fieldsList("rlimits").map((limit) => ({
      type: limit.text("type"),
      soft: limitOf(limit.get("soft")),
      hard: limitOf(limit.get("hard")),
    })),
    noNewPrivileges: process.flag("noNewPrivileges"),
    oomScoreAdj: process.number("oomScoreAdj"),
  };
}

/** 64 unsigned bits; JSON.parse has rounded RLIM_INFINITY, which is the only such number that anybody writes. */
function limitOf(value: unknown): bigint {
  if (typeof value !== "number" || value < 0 || !Number.isInteger(value))
    throw new OciError("process.rlimits: soft and hard are numbers");
  return value > Number.MAX_SAFE_INTEGER ? -1n : BigInt(value);
}

function parseMount(mount: Fields): BundleMount {
  return {
    destination: mount.text("destination"),
    type: mount.text("type"),
    source: mount.text("source"),
    options: mount.texts("options"),
  };
}

function parseHook(hook: Fields): BundleHook {
  const path = hook.text("path");
  if (!path.startsWith("/")) throw new OciError(`${hook.path}.path: an absolute path is needed here`);
  const timeout = hook.number("timeout") ?? 0;
  if (hook.get("timeout") !== undefined && timeout <= 0)
    throw new OciError(`${hook.path}.timeout: it must be greater than zero`);
  return { path, args: hook.texts("args"), env: hook.texts("env"), timeout };
}

function parseMapping(mapping: Fields): IdMapping {
  return {
    containerId: mapping.unsigned("containerID") ?? 0,
    hostId: mapping.unsigned("hostID") ?? 0,
    size: mapping.unsigned("size") ?? 0,
  };
}

function parseDevice(device: Fields): BundleDevice {
  return {
    path: device.text("path"),
    type: device.text("type"),
    major: device.number("major") ?? 0,
    minor: device.number("minor") ?? 0,
    fileMode: device.unsigned("fileMode") ?? 0o666,
    uid: device.unsigned("uid") ?? 0,
    gid: device.unsigned("gid") ?? 0,
  };
}
