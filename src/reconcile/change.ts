import type { ContainerConfig } from "../runtime/container.ts";
import type { RestartPolicy } from "../spec/project.ts";
import type { Field } from "./fingerprint.ts";
import { userLabels } from "./labels.ts";
import { byText } from "./order.ts";
import { own } from "./own.ts";
import { bytesText, cpusText, durationText } from "./quantity.ts";

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
  "limits.nanocpus": (a, b) =>
    arrow("cpus", cpusText(a.config.limits.nanocpus), cpusText(b.config.limits.nanocpus)),
  "limits.memory": (a, b) =>
    arrow("memory", bytesText(a.config.limits.memoryBytes), bytesText(b.config.limits.memoryBytes)),
  "limits.pids": (a, b) => arrow("pids", a.config.limits.pids ?? "none", b.config.limits.pids ?? "none"),
  restart: (a, b) => arrow("restart", restartText(a.config.restart), restartText(b.config.restart)),
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
export function restartText(policy: RestartPolicy): string {
  return policy.maxRetries === undefined ? policy.name : `${policy.name}:${policy.maxRetries}`;
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

function onOff(value: boolean): string {
  return value ? "on" : "off";
}

/** Up to three of the keys that differ: ` (A, B, C and 2 more)`. */
function namesOf(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const names = [...keys].filter((key) => own(before, key) !== own(after, key)).sort(byText);
  if (names.length === 0) return "";
  const rest = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return ` (${names.slice(0, 3).join(", ")}${rest})`;
}
