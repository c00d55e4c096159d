import type { ContainerConfig, ContainerMount } from "../runtime/container.ts";
import { hashValue } from "./hash.ts";
import { userLabels } from "./labels.ts";
import { byText } from "./order.ts";

interface FieldRule {
  /** Whether a running container can take the change on. */
  readonly inPlace: boolean;
  /** The part of the configuration to compare; undefined where it says what gantry does anyway. */
  readonly read: (config: ContainerConfig) => unknown;
}

/** What Compose waits before it kills. */
const DEFAULT_STOP_GRACE_MS = 10_000;

/**
 * Invariant: a field at its default reads as undefined, and so do defaults inside of it. Then a version of gantry that
 * adds a field finds nothing changed in the containers of the version before.
 */
const FIELDS = {
  command: { inPlace: false, read: (config) => config.command },
  entrypoint: { inPlace: false, read: (config) => config.entrypoint },
  environment: { inPlace: false, read: (config) => unlessEmpty(config.environment) },
  workingDir: { inPlace: false, read: (config) => config.workingDir },
  user: { inPlace: false, read: (config) => config.user },
  hostname: { inPlace: false, read: (config) => config.hostname },
  mounts: { inPlace: false, read: (config) => comparableMounts(config.mounts) },
  init: { inPlace: false, read: (config) => config.init || undefined },
  terminal: { inPlace: false, read: ({ terminal }) => terminal },
  stdin: { inPlace: false, read: ({ stdin }) => stdin },
  capabilities: { inPlace: false, read: ({ security }) => capabilities(security) },
  privileged: { inPlace: false, read: ({ security }) => security?.privileged || undefined },
  noNewPrivileges: { inPlace: false, read: ({ security }) => security?.noNewPrivileges || undefined },
  seccomp: { inPlace: false, read: ({ security }) => security?.seccomp },
  devices: { inPlace: false, read: ({ devices }) => devices },
  deviceRules: { inPlace: false, read: ({ deviceRules }) => deviceRules },
  namespaces: { inPlace: false, read: ({ namespaces }) => namespaces },
  resolver: { inPlace: false, read: ({ resolver }) => resolver },
  networks: { inPlace: false, read: ({ networks }) => networks },
  exposed: { inPlace: true, read: ({ exposed }) => exposed },
  links: { inPlace: true, read: ({ links }) => links },
  extraHosts: { inPlace: false, read: ({ extraHosts }) => extraHosts },
  domainname: { inPlace: false, read: ({ domainname }) => domainname },
  readOnly: { inPlace: false, read: ({ readOnly }) => readOnly || undefined },
  shmBytes: { inPlace: false, read: ({ shmBytes }) => shmBytes },
  ulimits: { inPlace: false, read: ({ ulimits }) => ulimits },
  sysctls: { inPlace: false, read: ({ sysctls }) => sysctls },
  oomScoreAdjustment: { inPlace: false, read: (config) => config.oomScoreAdjustment || undefined },
  groups: { inPlace: false, read: ({ groups }) => groups },
  contents: { inPlace: false, read: ({ contents }) => contents },
  containerName: { inPlace: false, read: ({ containerName }) => containerName },
  hooks: { inPlace: true, read: ({ hooks }) => hooks },
  log: { inPlace: false, read: ({ log }) => log },
  annotations: { inPlace: true, read: ({ annotations }) => annotations && unlessEmpty(annotations) },
  "limits.nanocpus": { inPlace: true, read: (config) => config.limits.nanocpus },
  "limits.memory": { inPlace: true, read: (config) => config.limits.memoryBytes },
  "limits.memorySwap": { inPlace: true, read: (config) => config.limits.memorySwapBytes },
  "limits.memoryReservation": { inPlace: true, read: (config) => config.limits.memoryReservationBytes },
  "limits.cpuShares": { inPlace: true, read: (config) => config.limits.cpuShares },
  "limits.cpuset": { inPlace: true, read: (config) => config.limits.cpuset },
  "limits.blkioWeight": { inPlace: true, read: (config) => config.limits.blkioWeight },
  "limits.pids": { inPlace: true, read: (config) => config.limits.pids },
  restart: { inPlace: true, read: (config) => (config.restart.name === "no" ? undefined : config.restart) },
  healthcheck: { inPlace: true, read: ({ healthcheck }) => healthcheck },
  probes: { inPlace: true, read: ({ probes }) => probes },
  stopSignal: { inPlace: true, read: (config) => config.stopSignal },
  stopGraceMs: {
    inPlace: true,
    read: (config) => (config.stopGraceMs === DEFAULT_STOP_GRACE_MS ? undefined : config.stopGraceMs),
  },
  labels: { inPlace: true, read: (config) => unlessEmpty(userLabels(config.labels)) },
} satisfies Record<string, FieldRule>;

/** A field that can differ between a container and what the file asks for. */
export type Field = "image" | keyof typeof FIELDS;

const NAMES = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/**
 * One hash per field that is not at its default. `image` holds the image's id as it is, and is absent while the id is
 * not known.
 */
export function fingerprint(config: ContainerConfig, imageId: string | undefined): Record<string, string> {
  const result: Record<string, string> = imageId === undefined ? {} : { image: imageId };
  for (const name of NAMES) {
    const value = FIELDS[name].read(config);
    if (value !== undefined) result[name] = hashValue(value);
  }
  return result;
}

/**
 * The configuration fields (all but the image) in which two fingerprints differ. Fields that this version of gantry
 * does not know are passed over: it could neither explain nor apply them.
 */
export function changedFields(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Field[] {
  return same(before, after) ? [] : NAMES.filter((name) => before[name] !== after[name]);
}

/** Nearly always, and then said without asking for every field there could be. */
function same(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(after);
  if (Object.keys(before).length !== names.length) return false;
  return names.every((name) => name === "image" || before[name] === after[name]);
}

/** Whether a running container can take on all these changes without a new process. */
export function fitsInPlace(fields: readonly Field[]): boolean {
  return fields.every((field) => field !== "image" && FIELDS[field].inPlace);
}

function capabilities(security: ContainerConfig["security"]): unknown {
  const { capAdd, capDrop } = security ?? {};
  return capAdd === undefined && capDrop === undefined ? undefined : { capAdd, capDrop };
}

function unlessEmpty(record: Readonly<Record<string, string>>): unknown {
  return Object.keys(record).length === 0 ? undefined : record;
}

/** The order of mounts in the file means nothing, and who made a bind's source is over once it is bound. */
function comparableMounts(mounts: readonly ContainerMount[]): unknown {
  if (mounts.length === 0) return undefined;
  return mounts
    .map((mount) => {
      if (mount.type === "tmpfs") return mount;
      return {
        type: mount.type,
        source: mount.source,
        target: mount.target,
        readOnly: mount.readOnly || undefined,
      };
    })
    .sort((a, b) => byText(a.target, b.target));
}
