import { basename, join } from "node:path";
import type { CgroupParent } from "../host/cgroup.ts";
import { capabilitiesOf } from "./capability.ts";
import { addCgroups, cgroupSlot, removeCgroups } from "./cgroup.ts";
import { commandLine, environmentOf, hostnameOf } from "./command.ts";
import type { ContainerConfig, ContainerContent, ContainerSecurity } from "./container.ts";
import { addContents, type ContentMounts } from "./content-mounts.ts";
import { type DeviceNode, ruleOf } from "./devices.ts";
import { deviceRules } from "./device-rules.ts";
import { type HostTrees, takeHostTrees } from "./host-trees.ts";
import { IDS } from "./id-range.ts";
import { cgroupsOf } from "./limits.ts";
import { NEW, ownNamespaces, type SharedWith } from "./namespaces.ts";
import { addIdentity, addMappedMounts, addOwnership, mapsOf, ownIds, type OwnIds } from "./own-ids.ts";
import { mountPoints, shortId } from "./places.ts";
import { PlanWriter, stringRun } from "./plan/encode.ts";
import { SLOT } from "./plan/operation.ts";
import { addDev, type Dev } from "./dev.ts";
import { MOUNT_ATTRIBUTE } from "./mount-attribute.ts";
import { addFileSystems, addMasks } from "./root.ts";
import { addJoins, addLeave, type Shared, takeShared } from "./shared.ts";
import { addNetworkDefaults, addSysctls } from "./sysctl.ts";
import { addLastUlimits, addUlimits } from "./ulimit.ts";

const LOG = { bytes: 10 * 1024 * 1024, files: 3 } as const;
/** mount(2): no device node of an image or of the writable layer works. */
const MS_NODEV = 4;
const NETWORK = { host: 0, own: 1 } as const;
const NONE = -1;
/** Every group there can be, ip_sysctl of icmp. */
const ALL_GROUPS = 0x80000000;

/** What an image adds to a container's configuration. */
export interface LaunchImage {
  /** Absolute folders, topmost first, below the instance's root. */
  readonly layers: readonly string[];
  readonly hostMounts: readonly { readonly source: string; readonly target: string }[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
}

/** Netlink requests for both ends of the container's link; the child's pid is put at `pidOffset` of the host's. */
export interface LaunchLink {
  readonly host: Uint8Array;
  readonly pidOffset: number;
  readonly container: Uint8Array;
}

/** A file of the host's that the container sees, read-only. */
export interface HostFile {
  /** Absolute. */
  readonly source: string;
  readonly target: string;
  /** It lies in the container's run folder and is written at each start, with this text. */
  readonly text?: string;
}

export interface LaunchInput {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly image: LaunchImage;
  /** The instance's root folder, which the launcher sees as /r. */
  readonly root: string;
  readonly cgroups: readonly CgroupParent[];
  /** One for each network, in the order of the interfaces. */
  readonly links?: readonly LaunchLink[];
  /** Somebody waits to attach: its shim keeps what it writes, and its own end, until then. */
  readonly expected?: boolean;
  /** Netlink requests for a network namespace without a link: its loopback. */
  readonly loopback?: Uint8Array;
  /** Of each service whose namespaces are shared, the first process of a container. */
  readonly sharedWith?: SharedWith;
  /** First of the host's ids that are the container's own; absent, its root is the host's. */
  readonly idBase?: number;
  /** Nodes for the container's /dev besides the ones every container has. */
  readonly devices?: readonly DeviceNode[];
  /** /etc/hosts, /etc/resolv.conf. */
  readonly files: readonly HostFile[];
  /** Absolute folder of a volume. */
  readonly volumeFolder: (name: string) => string;
  /** Configs and secrets, with what they hold. */
  readonly contents?: readonly (ContainerContent & { readonly bytes: Uint8Array })[];
  /** An array of struct sock_filter. */
  readonly seccomp?: Uint8Array;
}

/**
 * Compiles a container into its launch plan. Pure: the same input gives the same bytes. Three parts run one after
 * another or side by side: the shim before the clone, shim and child after it, and the shim when all is over.
 * Throws limit.unsupported for a limit this machine cannot enforce.
 */
export function compileLaunch(input: LaunchInput): Uint8Array {
  const plan = new PlanWriter();
  const { config, devices = [] } = input;
  const rules = deviceRules(config, devices.map(ruleOf));
  const own = cgroupsOf(config.limits, input.cgroups, { devices: rules !== undefined });
  const unified = own.find((index) => input.cgroups[index]?.version === 2);
  addFolders(plan, input);
  addCgroups(plan, input, own, rules);
  const shared = takeShared(plan, config.namespaces, input.sharedWith);
  let slot = shared.nextSlot;
  const nextSlot = (): number => slot++;
  const ids = ownIds(input.idBase, nextSlot);
  const trees = takeHostTrees(plan, input, nextSlot);
  const dev = addDev(plan, {
    nodes: devices,
    nextSlot,
    sharedMemory: shared.sharedMemory ?? { bytes: config.shmBytes, owner: input.idBase ?? 0 },
  });
  const contents = addContents(plan, input.contents ?? [], nextSlot, input.idBase ?? 0);
  if (ids !== undefined) addOwnership(plan, ids, join("containers", input.id, "upper"));
  plan.add(
    "clone",
    ownNamespaces(config.namespaces) | (ids === undefined ? 0 : NEW.user),
    unified === undefined ? NONE : cgroupSlot(input.cgroups, unified),
    ...mapsOf(ids),
  );
  addLeave(plan, shared);
  if (ids !== undefined) addMappedMounts(plan, ids, input, { all: trees.slots, strict: [dev.nodes] });
  addParentSide(plan, input, own);
  plan.add("child");
  addChildSide(plan, input, { ids, shared, dev, trees, contents, unified: unified !== undefined });
  plan.add("exit");
  removeCgroups(plan, input);
  return plan.bytes();
}

function addFolders(plan: PlanWriter, { id, files, config, expected = false }: LaunchInput): void {
  const folder = join("containers", id);
  const runFolder = join("containers", shortId(id));
  plan.add("mkdir", SLOT.run, runFolder, 0o700, 1);
  const { stdin, terminal } = config;
  if (stdin !== undefined || terminal === true)
    plan.add(
      "stdio",
      stdin === undefined ? 0 : 1,
      stdin === "once" ? 1 : 0,
      terminal === true ? SLOT.console : NONE,
      expected ? 1 : 0,
    );
  plan.add("shim", SLOT.run, runFolder, id); // from here on no second shim can touch what follows
  plan.add("unlink", SLOT.run, join(runFolder, "exit"));
  for (const { source, text } of files)
    if (text !== undefined) plan.add("create", SLOT.run, join(runFolder, basename(source)), 0o644, text);
  plan.add("mkdir", SLOT.root, folder, 0o711, 1);
  plan.add("mkdir", SLOT.root, join(folder, "upper"), 0o755, 1);
  plan.add("mkdir", SLOT.root, join(folder, "work"), 0o700, 1);
  const { driver, maxBytes = LOG.bytes, maxFiles = LOG.files } = config.log ?? { driver: "files" };
  if (driver === "files") plan.add("journal", SLOT.root, folder, maxBytes, maxFiles);
}

function addParentSide(plan: PlanWriter, input: LaunchInput, cgroups: readonly number[]): void {
  for (const index of cgroups)
    if (input.cgroups[index]?.version === 1)
      plan.add("writePid", SLOT.firstCgroup + index, join(shortId(input.id), "cgroup.procs"));
  if (input.links !== undefined) {
    plan.add("wait"); // IPv6 is off inside: no neighbour discovery, no router solicitation for each veth
    for (const { host, pidOffset } of input.links) plan.add("netlink", NETWORK.host, host, pidOffset);
  }
  addOomScore(plan, input.config);
  addUlimits(plan, input.config.ulimits);
  plan.add("signal");
}

function addChildSide(
  plan: PlanWriter,
  input: LaunchInput,
  made: {
    readonly ids: OwnIds | undefined;
    readonly shared: Shared;
    readonly dev: Dev;
    readonly trees: HostTrees;
    readonly contents: ContentMounts;
    readonly unified: boolean;
  },
): void {
  const { config, image } = input;
  const { ids, shared, dev, trees, contents, unified } = made;
  const hostname = hostnameOf(input.id, config);
  const privileged = config.security?.privileged === true;
  const ownsNetwork = (ownNamespaces(config.namespaces) & NEW.network) !== 0;
  if (ids !== undefined) addIdentity(plan);
  if (input.links !== undefined) {
    for (const name of ["all", "default"])
      plan.add("write", SLOT.proc, `sys/net/ipv6/conf/${name}/disable_ipv6`, "1");
    plan.add("signal");
  }
  addJoins(plan, config.namespaces, shared);
  if (ownsNetwork) addNetworkDefaults(plan, { groups: ids === undefined ? ALL_GROUPS : IDS });
  if (config.namespaces?.uts === undefined) plan.add("hostname", hostname);
  plan.add("umask", 0o022);
  if (ids === undefined) plan.add("overlay", overlayOptions(input), privileged ? 0 : MS_NODEV);
  plan.add("wait"); // from here on the child is in its cgroups and its link is there
  if (ids !== undefined) plan.add("newRoot", ids.overlay, MOUNT_ATTRIBUTE.noDev);
  if (config.namespaces?.cgroup === undefined) plan.add("unshare", NEW.cgroup);
  contents.stage(plan);
  addFileSystems(plan, { unifiedCgroup: unified, writable: privileged, dev });
  trees.attach(plan);
  contents.attach(plan);
  if (!privileged) addMasks(plan);
  if (config.terminal === true) plan.add("console", SLOT.console, 0, 0);
  const ownLinks = input.links?.map((link) => link.container) ?? [];
  if (input.loopback !== undefined && ownsNetwork) ownLinks.push(input.loopback);
  for (const messages of ownLinks) plan.add("netlink", NETWORK.own, messages, NONE);
  addSysctls(plan, config);
  const workingDir = config.workingDir ?? image.workingDir ?? "/";
  if (config.readOnly === true) plan.add("mkdirIn", workingDir, 0o755);
  plan.add("pivot", config.readOnly === true ? 1 : 0);
  plan.add("chdir", workingDir, 1);
  addProcess(plan, input, commandLine(config, image), environmentOf(config, image, hostname));
}

function addProcess(
  plan: PlanWriter,
  input: LaunchInput,
  argv: readonly string[],
  environment: readonly string[],
): void {
  const { config } = input;
  addSeccomp(plan, input.seccomp, config.security);
  if (config.init) {
    // The init runs for as long as the container does: it keeps no more than the container's root has.
    addCapabilities(plan, config.security);
    plan.add("init");
  }
  plan.add("user", config.user ?? input.image.user ?? "", (config.groups ?? []).join(","));
  addCapabilities(plan, config.security);
  addLastUlimits(plan, config.ulimits);
  plan.add("exec", stringRun(argv), stringRun(environment));
}

/** Of the child, by its parent: less than it was born with takes a privilege of the host's (proc_pid_oom_score_adj(5)). */
export function addOomScore(plan: PlanWriter, { oomScoreAdjustment }: ContainerConfig): void {
  if (oomScoreAdjustment !== undefined) plan.add("writeOf", "oom_score_adj", String(oomScoreAdjustment));
}

/** Before the capabilities go: loading a filter without no_new_privs takes CAP_SYS_ADMIN (seccomp(2)). */
export function addSeccomp(
  plan: PlanWriter,
  filter: Uint8Array | undefined,
  security: ContainerSecurity = {},
): void {
  if (security.noNewPrivileges === true) plan.add("noNewPrivileges");
  if (filter !== undefined) plan.add("seccomp", filter);
}

export function addCapabilities(plan: PlanWriter, security: ContainerSecurity | undefined): void {
  const mask = capabilitiesOf(security);
  plan.add("capabilities", mask, mask, mask, 0, 0);
}

function overlayOptions(input: LaunchInput): string {
  const seen = (path: string): string => `/r${path.slice(input.root.length)}`;
  const own = `/r/containers/${input.id}`;
  const layers = [...input.image.layers, mountPoints(input.root)];
  return `lowerdir=${layers.map(seen).join(":")},upperdir=${own}/upper,workdir=${own}/work`;
}
