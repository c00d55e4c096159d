import { resolve } from "node:path";
import { readDevice } from "../../spec/device.ts";
import { readDuration } from "../../spec/duration.ts";
import { readPorts } from "../../spec/port.ts";
import { readBytes } from "../../spec/size.ts";
import { cut, pairs } from "../pairs.ts";
import type { RunFlags } from "./flags.ts";
import { limitsOf } from "./limits.ts";
import { mountOf } from "./mount.ts";
import { compact, integer, read, wrong } from "./values.ts";

/** What a command line needs of the machine it is written on. */
export interface RequestContext {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file. Throws GantryError. */
  readonly read: (path: string) => string;
  /** `NAME=value` and `NAME` lines of a file as a list of `NAME=value`. Throws GantryError. */
  readonly readList: (path: string) => readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The body of `POST /containers/create` (Engine API, ContainerConfig) for a `docker run` command line. What the daemon
 * cannot do is the daemon's to refuse. Throws request.invalid that names the flag.
 */
export function createBody(
  image: string,
  command: readonly string[],
  flags: RunFlags,
  context: RequestContext,
): Json {
  const { interactive = false, tty = false } = flags;
  const streams = attachedStreams(flags);
  return compact({
    Image: image,
    Cmd: command.length === 0 ? undefined : command,
    Entrypoint: flags.entrypoint === undefined ? undefined : [flags.entrypoint],
    Env: [...(flags.envFile ?? []).flatMap(context.readList), ...valuesOf(flags.env, context.env)],
    Labels: pairs([...(flags.labelFile ?? []).flatMap(context.readList), ...(flags.label ?? [])]),
    WorkingDir: flags.workdir,
    User: flags.user,
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    StopSignal: flags.stopSignal,
    StopTimeout: flags.stopTimeout,
    Healthcheck: healthcheckOf(flags),
    ExposedPorts: exposedOf(flags),
    Volumes: Object.fromEntries((flags.volume ?? []).filter(isAnonymous).map((path) => [path, {}])),
    AttachStdin: streams.stdin,
    AttachStdout: streams.stdout,
    AttachStderr: streams.stderr,
    OpenStdin: interactive,
    StdinOnce: interactive && flags.detach !== true,
    Tty: tty,
    HostConfig: hostConfigOf(flags, context),
    NetworkingConfig: networkingOf(flags),
  });
}

/** Which of our own streams are the container's. */
export function attachedStreams({ attach, detach, interactive }: RunFlags): {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
} {
  if (detach === true) return { stdin: false, stdout: false, stderr: false };
  const given = attach?.map((name) => name.toLowerCase());
  for (const name of given ?? [])
    if (!["stdin", "stdout", "stderr"].includes(name)) throw wrong("--attach", `${name} is no stream`);
  return {
    stdin: interactive === true && (given?.includes("stdin") ?? true),
    stdout: given?.includes("stdout") ?? true,
    stderr: given?.includes("stderr") ?? true,
  };
}

function hostConfigOf(flags: RunFlags, context: RequestContext): Json {
  return compact({
    AutoRemove: flags.rm,
    PublishAllPorts: flags.publishAll,
    PortBindings: portBindings(flags.publish ?? []),
    Binds: (flags.volume ?? [])
      .filter((text) => !isAnonymous(text))
      .map((text) => absolute(text, context.cwd)),
    Mounts: (flags.mount ?? []).map((text) => mountOf(text, context.cwd)),
    Tmpfs: Object.fromEntries((flags.tmpfs ?? []).map(cut(":"))),
    VolumesFrom: flags.volumesFrom,
    ...limitsOf(flags),
    NetworkMode: networksOf(flags)[0],
    Dns: flags.dns,
    DnsSearch: flags.dnsSearch,
    DnsOptions: flags.dnsOption,
    ExtraHosts: flags.addHost?.map((text) => text.replace("=", ":")),
    Links: flags.link,
    Init: flags.init,
    Privileged: flags.privileged,
    ReadonlyRootfs: flags.readOnly,
    CapAdd: flags.capAdd,
    CapDrop: flags.capDrop,
    SecurityOpt: flags.securityOpt?.map((option) => securityOption(option, context)),
    GroupAdd: flags.groupAdd,
    Ulimits: flags.ulimit?.map(ulimitOf),
    Sysctls: pairs(flags.sysctl ?? []),
    Devices: flags.device?.map((text) => {
      const { source, target, permissions } = read("--device", () => readDevice(text));
      return { PathOnHost: source, PathInContainer: target, CgroupPermissions: permissions };
    }),
    DeviceCgroupRules: flags.deviceCgroupRule,
    ShmSize:
      flags.shmSize === undefined ? undefined : read("--shm-size", () => readBytes(flags.shmSize ?? "")),
    OomScoreAdj: flags.oomScoreAdj === undefined ? undefined : integer("--oom-score-adj", flags.oomScoreAdj),
    PidMode: flags.pid,
    IpcMode: flags.ipc,
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    CgroupnsMode: flags.cgroupns,
    CgroupParent: flags.cgroupParent,
    Runtime: flags.runtime,
    Annotations: pairs(flags.annotation ?? []),
    LogConfig:
      flags.logDriver === undefined && flags.logOpt === undefined
        ? undefined
        : { Type: flags.logDriver ?? "json-file", Config: pairs(flags.logOpt ?? []) },
  });
}

/** A name alone takes the value it has here, and is left out where it has none. */
function valuesOf(
  words: readonly string[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return (words ?? []).flatMap((word) => {
    if (word.includes("=")) return [word];
    return env[word] === undefined ? [] : [`${word}=${env[word]}`];
  });
}

/** `-v /path`: a volume without a name. */
function isAnonymous(volume: string): boolean {
  return !volume.includes(":");
}

/** Only we know what a relative path is relative to. */
function absolute(volume: string, cwd: string): string {
  const [source = "", ...rest] = volume.split(":");
  return [source.startsWith(".") ? resolve(cwd, source) : source, ...rest].join(":");
}

function portBindings(texts: readonly string[]): Json {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const text of texts)
    for (const { protocol, hostIp, hostPort, containerPort } of read("--publish", () => readPorts(text)))
      (bindings[`${containerPort}/${protocol}`] ??= []).push({
        HostIp: hostIp ?? "",
        HostPort: hostPort === undefined || hostPort === 0 ? "" : String(hostPort),
      });
  return bindings;
}

/** Docker's: what is published is exposed, too. */
function exposedOf({ publish = [], expose = [] }: RunFlags): Json {
  const published = Object.keys(portBindings(publish));
  const exposed = expose.flatMap((text) =>
    read("--expose", () => readPorts(text)).map(
      ({ containerPort, protocol }) => `${containerPort}/${protocol}`,
    ),
  );
  return Object.fromEntries([...published, ...exposed].map((key) => [key, {}]));
}

function networksOf({ network = [], net = [] }: RunFlags): readonly string[] {
  return [...network, ...net];
}

function networkingOf(flags: RunFlags): Json | undefined {
  const [first = "default", ...more] = networksOf(flags);
  const settings = compact({
    Aliases: flags.networkAlias,
    IPAMConfig: flags.ip === undefined ? undefined : { IPv4Address: flags.ip },
    MacAddress: flags.macAddress,
  });
  if (Object.keys(settings).length === 0 && more.length === 0) return undefined;
  const others = more.map((name) => [name, {}] as const);
  return { EndpointsConfig: Object.fromEntries([[first, settings], ...others]) };
}

function healthcheckOf(flags: RunFlags): Json | undefined {
  if (!flags.healthcheck) {
    if (flags.healthCmd !== undefined) throw wrong("--no-healthcheck", "it contradicts --health-cmd");
    return { Test: ["NONE"] };
  }
  const ns = (flag: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : Math.round(read(flag, () => readDuration(text)) * 1e6);
  const check = compact({
    Test: flags.healthCmd === undefined ? undefined : ["CMD-SHELL", flags.healthCmd],
    Interval: ns("--health-interval", flags.healthInterval),
    Timeout: ns("--health-timeout", flags.healthTimeout),
    StartPeriod: ns("--health-start-period", flags.healthStartPeriod),
    StartInterval: ns("--health-start-interval", flags.healthStartInterval),
    Retries: flags.healthRetries,
  });
  return Object.keys(check).length === 0 ? undefined : check;
}

/** A profile is sent as the text it is: the daemon reads none of the caller's files. */
function securityOption(option: string, { cwd, read: readFile }: RequestContext): string {
  const [name, value] = cut(option.includes("=") ? "=" : ":")(option);
  if (name !== "seccomp" || value === "unconfined" || value === "builtin") return option;
  return `seccomp=${readFile(resolve(cwd, value))}`;
}

function ulimitOf(text: string): Json {
  const [, name, soft, hard = soft] = /^([a-z]+)=(-1|\d+)(?::(-1|\d+))?$/.exec(text) ?? [];
  if (name === undefined) throw wrong("--ulimit", `"${text}" is not NAME=SOFT[:HARD]`);
  return { Name: name, Soft: Number(soft), Hard: Number(hard) };
}
