import type { ContainerConfig } from "../runtime/container.ts";
import type { RestartPolicy } from "../spec/project.ts";
import type { Field } from "./fingerprint.ts";
import { hashValue } from "./hash.ts";
import { userLabels } from "./labels.ts";
import { byText } from "./order.ts";
import { own } from "./own.ts";
import { bytesText, cpusText, durationText } from "./quantity.ts";

type Contents = NonNullable<ContainerConfig["contents"]>;

/** One side of a change. */
export interface Version {
  readonly config: ContainerConfig;
  /** undefined while it is not known. */
  readonly imageId: string | undefined;
}

/**
 * How a change of each field reads. Values are shown where they are short and harmless; of environment and labels only
 * the names, since values may be secrets.
 */
const WORDS = {
  image: imageText,
  command: () => "command changed",
  entrypoint: () => "entrypoint changed",
  environment: (a, b) => `environment changed${namesOf(a.config.environment, b.config.environment)}`,
  workingDir: (a, b) => arrow("working directory", a.config.workingDir, b.config.workingDir),
  user: (a, b) => arrow("user", a.config.user, b.config.user),
  hostname: (a, b) => arrow("hostname", a.config.hostname, b.config.hostname),
  mounts: () => "volumes changed",
  init: (a, b) => arrow("init", onOff(a.config.init), onOff(b.config.init)),
  terminal: (a, b) => arrow("tty", onOff(a.config.terminal), onOff(b.config.terminal)),
  stdin: (a, b) =>
    arrow("stdin_open", onOff(a.config.stdin !== undefined), onOff(b.config.stdin !== undefined)),
  capabilities: () => "capabilities changed",
  privileged: (a, b) =>
    arrow("privileged", onOff(a.config.security?.privileged), onOff(b.config.security?.privileged)),
  noNewPrivileges: (a, b) =>
    arrow(
      "no-new-privileges",
      onOff(a.config.security?.noNewPrivileges),
      onOff(b.config.security?.noNewPrivileges),
    ),
  seccomp: (a, b) => arrow("seccomp", seccompText(a.config), seccompText(b.config)),
  devices: () => "devices changed",
  deviceRules: () => "device rules changed",
  namespaces: (a, b) => namespacesText(a.config, b.config),
  resolver: () => "dns changed",
  networks: (a, b) => networksText(a.config, b.config),
  exposed: () => "exposed ports changed",
  links: () => "links changed",
  extraHosts: () => "extra hosts changed",
  domainname: (a, b) => arrow("domain name", a.config.domainname, b.config.domainname),
  readOnly: (a, b) => arrow("read-only root", onOff(a.config.readOnly), onOff(b.config.readOnly)),
  shmBytes: (a, b) => arrow("size of /dev/shm", sizeText(a.config.shmBytes), sizeText(b.config.shmBytes)),
  ulimits: (a, b) => `ulimits changed${changedNames(a.config.ulimits ?? {}, b.config.ulimits ?? {})}`,
  sysctls: (a, b) => `sysctls changed${changedNames(a.config.sysctls ?? {}, b.config.sysctls ?? {})}`,
  oomScoreAdjustment: (a, b) =>
    arrow("oom score adjustment", a.config.oomScoreAdjustment ?? 0, b.config.oomScoreAdjustment ?? 0),
  groups: () => "groups changed",
  containerName: (a, b) => arrow("container name", a.config.containerName, b.config.containerName),
  hooks: () => "post_start and pre_stop changed",
  log: () => "logging changed",
  annotations: (a, b) =>
    `annotations changed${namesOf(a.config.annotations ?? {}, b.config.annotations ?? {})}`,
  contents: (a, b) => contentsText(a.config.contents ?? [], b.config.contents ?? []),
  "limits.nanocpus": (a, b) =>
    arrow("cpus", cpusText(a.config.limits.nanocpus), cpusText(b.config.limits.nanocpus)),
  "limits.memory": (a, b) =>
    arrow("memory", bytesText(a.config.limits.memoryBytes), bytesText(b.config.limits.memoryBytes)),
  "limits.memorySwap": (a, b) =>
    arrow("memory and swap", swapText(a.config.limits), swapText(b.config.limits)),
  "limits.memoryReservation": (a, b) =>
    arrow(
      "memory reservation",
      bytesText(a.config.limits.memoryReservationBytes),
      bytesText(b.config.limits.memoryReservationBytes),
    ),
  "limits.cpuShares": (a, b) => arrow("cpu shares", a.config.limits.cpuShares, b.config.limits.cpuShares),
  "limits.cpuset": (a, b) => arrow("cpuset", a.config.limits.cpuset, b.config.limits.cpuset),
  "limits.blkioWeight": (a, b) =>
    arrow("blkio weight", a.config.limits.blkioWeight, b.config.limits.blkioWeight),
  "limits.pids": (a, b) => arrow("pids", pidsText(a.config.limits), pidsText(b.config.limits)),
  restart: (a, b) => arrow("restart", policyText(a.config.restart), policyText(b.config.restart)),
  healthcheck: () => "health check changed",
  probes: (a, b) => `probes changed${changedNames({ ...a.config.probes }, { ...b.config.probes })}`,
  stopSignal: (a, b) => arrow("stop signal", a.config.stopSignal, b.config.stopSignal),
  stopGraceMs: (a, b) =>
    arrow("stop grace period", durationText(a.config.stopGraceMs), durationText(b.config.stopGraceMs)),
  labels: (a, b) => `labels changed${namesOf(userLabels(a.config.labels), userLabels(b.config.labels))}`,
} satisfies Record<Field, (before: Version, after: Version) => string>;

/** What differs, in words: `memory 64M -> 128M, command changed`. */
export function changeText(fields: readonly Field[], before: Version, after: Version): string {
  return fields.map((field) => WORDS[field](before, after)).join(", ");
}

/** A restart policy as the file writes it: `always`, `on-failure:3`. */
export function restartText({ name, maxRetries }: RestartPolicy): string {
  return maxRetries === undefined ? name : `${name}:${maxRetries}`;
}

/** As `restartText`, with what only `deploy.restart_policy` can say. */
function policyText(policy: RestartPolicy): string {
  const { delayMs, windowMs } = policy;
  const delay = delayMs === undefined ? "" : `, delay ${durationText(delayMs)}`;
  return `${restartText(policy)}${delay}${windowMs === undefined ? "" : `, window ${durationText(windowMs)}`}`;
}

/** `image nginx:1.27 -> 1.28`, or the ids where the name stayed and what it stands for did not. */
function imageText(before: Version, after: Version): string {
  const from = before.config.image;
  const to = after.config.image;
  if (from === to) return `image ${to} changed (${shortId(before.imageId)} -> ${shortId(after.imageId)})`;
  const [repository, tag] = splitTag(to);
  return `image ${from} -> ${tag !== "" && repository === splitTag(from)[0] ? tag : to}`;
}

/** A colon before the last slash belongs to the registry's port. */
function splitTag(reference: string): [repository: string, tag: string] {
  const colon = reference.lastIndexOf(":");
  if (colon <= reference.lastIndexOf("/") || reference.includes("@")) return [reference, ""];
  return [reference.slice(0, colon), reference.slice(colon + 1)];
}

function shortId(id: string | undefined): string {
  if (id === undefined) return "unknown";
  const digits = /^sha256:([0-9a-f]{13,})$/.exec(id)?.[1];
  return digits === undefined ? id : `sha256:${digits.slice(0, 12)}…`;
}

function arrow(what: string, from: string | number | undefined, to: string | number | undefined): string {
  const before = from ?? "default";
  const after = to ?? "default";
  // The same words on both sides: an older gantry meant something else by them.
  return before === after ? `${what} changed` : `${what} ${before} -> ${after}`;
}

function onOff(value: boolean | undefined): string {
  return value === true ? "on" : "off";
}

function sizeText(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : bytesText(bytes);
}

function swapText({ memorySwapBytes }: ContainerConfig["limits"]): string | undefined {
  return memorySwapBytes === -1 ? "unlimited" : sizeText(memorySwapBytes);
}

function pidsText({ pids }: ContainerConfig["limits"]): string | number {
  return pids === -1 ? "unlimited" : (pids ?? "none");
}

function seccompText({ security }: ContainerConfig): string | undefined {
  const { seccomp } = security ?? {};
  return seccomp === undefined || seccomp === "unconfined" ? seccomp : "own profile";
}

/** `network namespace default -> host`, for each that differs. */
function namespacesText({ namespaces: before = {} }: ContainerConfig, after: ContainerConfig): string {
  const { namespaces = {} } = after;
  const kinds = ["network", "pid", "ipc", "uts", "cgroup", "user"] as const;
  return kinds
    .filter((kind) => before[kind] !== namespaces[kind])
    .map((kind) => arrow(`${kind} namespace`, before[kind] ?? "own", namespaces[kind] ?? "own"))
    .join(", ");
}

/** `config app.conf changed, secret key changed`: which of them, never what they hold. */
function contentsText(before: Contents, after: Contents): string {
  const texts = (contents: Contents): Readonly<Record<string, string>> =>
    Object.fromEntries(contents.map((each) => [`${each.kind} ${each.name}`, hashValue(each)]));
  const [from, to] = [texts(before), texts(after)];
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort(byText);
  const changed = names.filter((name) => own(from, name) !== own(to, name));
  return changed.length === 0 ? "configs changed" : changed.map((name) => `${name} changed`).join(", ");
}

/** `networks front -> front, back`, or that something about them changed. */
function networksText({ networks: before = [] }: ContainerConfig, after: ContainerConfig): string {
  const names = (networks: readonly { readonly name: string }[]): string =>
    networks.length === 0 ? "default" : networks.map(({ name }) => name).join(", ");
  return arrow("networks", names(before), names(after.networks ?? []));
}

/** As namesOf, for values that are no text. */
function changedNames(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string {
  const texts = (record: Readonly<Record<string, unknown>>): Record<string, string> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, hashValue(value)]));
  return namesOf(texts(before), texts(after));
}

/** Up to three of the keys that differ: ` (A, B, C and 2 more)`. */
function namesOf(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const names = [...keys].filter((key) => own(before, key) !== own(after, key)).sort(byText);
  if (names.length === 0) return "";
  const rest = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return ` (${names.slice(0, 3).join(", ")}${rest})`;
}
