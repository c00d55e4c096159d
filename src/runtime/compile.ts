import { join } from "node:path";
import type { CgroupParent } from "../host/cgroup.ts";
import { capabilitiesOf } from "./capability.ts";
import { addCgroups, cgroupSlot, removeCgroups } from "./cgroup.ts";
import { commandLine, environmentOf, hostnameOf } from "./command.ts";
import type { ContainerConfig, ContainerMount, ContainerSecurity } from "./container.ts";
import { type DeviceNode, ruleOf } from "./devices.ts";
import { deviceRules } from "./device-rules.ts";
import { cgroupsOf } from "./limits.ts";
import { ALL_NAMESPACES, NEW, ownNamespaces, type SharedWith } from "./namespaces.ts";
import { mountPoints, shortId } from "./places.ts";
import { PlanWriter, stringRun } from "./plan/encode.ts";
import { SLOT } from "./plan/operation.ts";
import type { TerminalSize } from "./session.ts";
import { addDevices, addFileSystems, addMasks, MOUNT_ATTRIBUTE } from "./root.ts";
import { addJoins, addLeave, type Shared, takeShared } from "./shared.ts";
import { addNetworkDefaults, addSysctls } from "./sysctl.ts";
import { TMPFS_MODE, tmpfsAttributes, tmpfsOptions } from "./tmpfs.ts";
import { addLastUlimits, addUlimits } from "./ulimit.ts";

const LOG = { bytes: 10 * 1024 * 1024, files: 3 } as const;
/** mount(2): no device node of an image or of the writable layer works. */
const MS_NODEV = 4;
const NETWORK = { host: 0, own: 1 } as const;
const NONE = -1;

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

export interface LaunchInput {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly image: LaunchImage;
  /** The instance's root folder, which the launcher sees as /r. */
  readonly root: string;
  readonly cgroups: readonly CgroupParent[];
  readonly link?: LaunchLink;
  /** Netlink requests for a network namespace without a link: its loopback. */
  readonly loopback?: Uint8Array;
  /** Of each service whose namespaces are shared, the first process of a container. */
  readonly sharedWith?: SharedWith;
  /** Nodes for the container's /dev besides the ones every container has. */
  readonly devices?: readonly DeviceNode[];
  /** Files of the host's, seen read-only at these places: /etc/hosts, /etc/resolv.conf. */
  readonly files: readonly { readonly source: string; readonly target: string }[];
  /** Absolute folder of a volume. */
  readonly volumeFolder: (name: string) => string;
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
  const attach = addHostTrees(plan, input, shared);
  plan.add(
    "clone",
    ownNamespaces(config.namespaces),
    unified === undefined ? NONE : cgroupSlot(input.cgroups, unified),
    "",
    "",
  );
  addParentSide(plan, input, own, shared);
  plan.add("child");
  addChildSide(plan, input, shared, attach, unified !== undefined);
  plan.add("exit");
  removeCgroups(plan, input);
  return plan.bytes();
}

function addFolders(plan: PlanWriter, { id }: LaunchInput): void {
  const folder = join("containers", id);
  const runFolder = join("containers", shortId(id));
  plan.add("mkdir", SLOT.run, runFolder, 0o700, 1);
  plan.add("shim", SLOT.run, runFolder, id); // from here on no second shim can touch what follows
  plan.add("unlink", SLOT.run, join(runFolder, "exit"));
  plan.add("mkdir", SLOT.root, folder, 0o711, 1);
  plan.add("mkdir", SLOT.root, join(folder, "upper"), 0o755, 1);
  plan.add("mkdir", SLOT.root, join(folder, "work"), 0o700, 1);
  plan.add("journal", SLOT.root, folder, LOG.bytes, LOG.files);
}

/** Takes detached copies of what is mounted from the host; returns what attaches them in the child. */
function addHostTrees(plan: PlanWriter, input: LaunchInput, shared: Shared): (() => void)[] {
  const { readOnly, noSuid, noDev } = MOUNT_ATTRIBUTE;
  const attach: (() => void)[] = [];
  const noDevUnlessPrivileged = input.config.security?.privileged === true ? 0n : noDev;
  let next = shared.nextSlot;
  const take = (
    source: string,
    target: string,
    attributes: bigint,
    make: boolean,
    recursive: boolean,
  ): void => {
    const slot = next++;
    plan.add("hostTree", slot, source, recursive ? 1 : 0, make ? 1 : 0);
    attach.push(() => plan.add("attach", slot, target, attributes));
  };
  const { sharedMemory } = shared;
  if (sharedMemory !== undefined)
    attach.push(() => plan.add("attach", sharedMemory, "/dev/shm", noSuid | noDev));
  for (const { source, target } of input.image.hostMounts)
    take(source, target, readOnly | noDev, false, false);
  for (const { source, target } of input.files) take(source, target, readOnly | noSuid | noDev, false, false);
  for (const mount of inOrder(input.config.mounts)) {
    if (mount.type === "tmpfs") {
      const place = [mount.target, mount.mode ?? TMPFS_MODE] as const;
      attach.push(() =>
        plan.add("mount", "tmpfs", "tmpfs", tmpfsOptions(mount), tmpfsAttributes(mount), ...place),
      );
      continue;
    }
    const attributes = noDevUnlessPrivileged | (mount.readOnly ? readOnly : 0n);
    if (mount.type === "volume") {
      if (mount.source !== undefined)
        take(input.volumeFolder(mount.source), mount.target, attributes, false, false);
    } else take(mount.source, mount.target, attributes, mount.createSource, true);
  }
  return attach;
}

/** Outer targets first, so that /data/cache lands inside /data. */
function inOrder(mounts: readonly ContainerMount[]): readonly ContainerMount[] {
  return [...mounts].sort((a, b) => depth(a.target) - depth(b.target));
}

function depth(path: string): number {
  return path.split("/").filter(Boolean).length;
}

function addParentSide(
  plan: PlanWriter,
  input: LaunchInput,
  cgroups: readonly number[],
  shared: Shared,
): void {
  addLeave(plan, shared);
  for (const index of cgroups)
    if (input.cgroups[index]?.version === 1)
      plan.add("writePid", SLOT.firstCgroup + index, join(shortId(input.id), "cgroup.procs"));
  if (input.link !== undefined) {
    plan.add("wait"); // IPv6 is off inside: no neighbour discovery, no router solicitation for each veth
    plan.add("netlink", NETWORK.host, input.link.host, input.link.pidOffset);
  }
  plan.add("signal");
}

function addChildSide(
  plan: PlanWriter,
  input: LaunchInput,
  shared: Shared,
  attach: readonly (() => void)[],
  unified: boolean,
): void {
  const { config, image } = input;
  const hostname = hostnameOf(input.id, config);
  const privileged = config.security?.privileged === true;
  const ownsNetwork = (ownNamespaces(config.namespaces) & NEW.network) !== 0;
  if (input.link !== undefined) {
    for (const name of ["all", "default"])
      plan.add("write", SLOT.proc, `sys/net/ipv6/conf/${name}/disable_ipv6`, "1");
    plan.add("signal");
  }
  addJoins(plan, config.namespaces, shared);
  if (ownsNetwork) addNetworkDefaults(plan);
  if (config.namespaces?.uts === undefined) plan.add("hostname", hostname);
  plan.add("umask", 0o022);
  plan.add("overlay", overlayOptions(input), privileged ? 0 : MS_NODEV);
  plan.add("wait"); // from here on the child is in its cgroups and its link is there
  if (config.namespaces?.cgroup === undefined) plan.add("unshare", NEW.cgroup);
  addFileSystems(plan, {
    unifiedCgroup: unified,
    writable: privileged,
    sharedMemory: config.namespaces?.ipc === undefined ? { bytes: config.shmBytes } : undefined,
  });
  addDevices(plan, input.devices ?? []);
  for (const add of attach) add();
  if (!privileged) addMasks(plan);
  const ownLink = input.link?.container ?? (ownsNetwork ? input.loopback : undefined);
  if (ownLink !== undefined) plan.add("netlink", NETWORK.own, ownLink, NONE);
  addSysctls(plan, config);
  const workingDir = config.workingDir ?? image.workingDir ?? "/";
  if (config.readOnly === true) plan.add("mkdirIn", workingDir, 0o755);
  plan.add("pivot", config.readOnly === true ? 1 : 0);
  addOomScore(plan, config);
  addUlimits(plan, config.ulimits);
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

const OOM_SCORE = "self/oom_score_adj";

function addOomScore(plan: PlanWriter, { oomScoreAdjustment }: ContainerConfig): void {
  if (oomScoreAdjustment !== undefined) plan.add("write", SLOT.proc, OOM_SCORE, String(oomScoreAdjustment));
}

/** Before the capabilities go: loading a filter without no_new_privs takes CAP_SYS_ADMIN (seccomp(2)). */
function addSeccomp(
  plan: PlanWriter,
  filter: Uint8Array | undefined,
  security: ContainerSecurity = {},
): void {
  if (security.noNewPrivileges === true) plan.add("noNewPrivileges");
  if (filter !== undefined) plan.add("seccomp", filter);
}

function addCapabilities(plan: PlanWriter, security: ContainerSecurity | undefined): void {
  const mask = capabilitiesOf(security);
  plan.add("capabilities", mask, mask, mask, 0, 0);
}

function overlayOptions(input: LaunchInput): string {
  const seen = (path: string): string => `/r${path.slice(input.root.length)}`;
  const own = `/r/containers/${input.id}`;
  const layers = [...input.image.layers, mountPoints(input.root)];
  return `lowerdir=${layers.map(seen).join(":")},upperdir=${own}/upper,workdir=${own}/work`;
}

export interface ExecInput {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly cgroups: readonly CgroupParent[];
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly workingDir: string;
  readonly user: string;
  readonly seccomp?: Uint8Array;
  readonly terminal?: TerminalSize;
}

/** Compiles a further process inside a running container: the same namespaces, cgroups, capabilities and filter. */
export function compileExec(input: ExecInput): Uint8Array {
  const plan = new PlanWriter();
  // Joining the pid namespace only takes effect for children, so all are joined before the clone.
  plan.add("setns", ALL_NAMESPACES);
  if (input.terminal !== undefined) plan.add("terminal", input.terminal.rows, input.terminal.columns);
  plan.add("clone", 0, NONE, "", "");
  const { config } = input;
  // The nodes of its devices are not read again: that they were asked for says as much.
  const rules = deviceRules(config, []);
  for (const index of cgroupsOf(config.limits, input.cgroups, { devices: rules !== undefined }))
    plan.add("writePid", SLOT.firstCgroup + index, join(shortId(input.id), "cgroup.procs"));
  plan.add("signal").add("child").add("wait");
  plan.add("umask", 0o022);
  addOomScore(plan, config);
  addUlimits(plan, config.ulimits);
  plan.add("chdir", input.workingDir, 0);
  addSeccomp(plan, input.seccomp, config.security);
  plan.add("user", input.user, (config.groups ?? []).join(","));
  addCapabilities(plan, config.security);
  addLastUlimits(plan, config.ulimits);
  plan.add("exec", stringRun(input.command), stringRun(input.environment));
  return plan.bytes();
}
