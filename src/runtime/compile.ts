import { join } from "node:path";
import type { CgroupParent } from "../host/cgroup.ts";
import { capabilityMask, DEFAULT_CAPABILITIES } from "./capability.ts";
import { commandLine, environmentOf, hostnameOf } from "./command.ts";
import type { ContainerConfig, ContainerMount } from "./container.ts";
import { limitWrites } from "./limits.ts";
import { mountPoints, shortId } from "./places.ts";
import { PlanWriter, stringRun } from "./plan/encode.ts";
import { SLOT } from "./plan/operation.ts";
import type { TerminalSize } from "./session.ts";
import { addFileSystems, addMasks, MOUNT_ATTRIBUTE } from "./root.ts";

/** clone(2) flags. */
const NEW = {
  mounts: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  pids: 0x20000000,
  network: 0x40000000,
} as const;
const NAMESPACES = NEW.mounts | NEW.uts | NEW.ipc | NEW.pids | NEW.network;

const LOG = { bytes: 10 * 1024 * 1024, files: 3 } as const;
const RLIMIT_NOFILE = 7;
const OPEN_FILES = 1_048_576;
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
  const unified = input.cgroups.findIndex(({ version }) => version === 2);
  addFolders(plan, input);
  addCgroups(plan, input);
  const attach = addHostTrees(plan, input);
  plan.add("clone", NAMESPACES, unified < 0 ? NONE : cgroupSlot(input, unified), "", "");
  addParentSide(plan, input);
  plan.add("child");
  addChildSide(plan, input, attach, unified >= 0);
  plan.add("exit");
  for (const [index] of input.cgroups.entries())
    plan.add("rmdir", SLOT.firstCgroup + index, shortId(input.id));
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

/** For a v2 hierarchy the container's cgroup must be open for the clone: it takes the slot after the parents. */
function cgroupSlot(input: LaunchInput, parent: number): number {
  return SLOT.firstCgroup + input.cgroups.length + parent;
}

function addCgroups(plan: PlanWriter, input: LaunchInput): void {
  const name = shortId(input.id);
  for (const [index, { version, controllers }] of input.cgroups.entries()) {
    const slot = SLOT.firstCgroup + index;
    plan.add("mkdir", slot, name, 0o755, 1);
    if (version === 2) plan.add("open", cgroupSlot(input, index), slot, name, O_PATH);
    if (controllers.includes("memory"))
      plan.add("oomFile", slot, join(name, version === 2 ? "memory.events" : "memory.oom_control"));
  }
  for (const { parent, file, value } of limitWrites(input.config.limits, input.cgroups, { fresh: true }))
    plan.add("write", SLOT.firstCgroup + parent, join(name, file), value);
}

const O_PATH = 0o10000000;

/** Takes detached copies of what is mounted from the host; returns what attaches them in the child. */
function addHostTrees(plan: PlanWriter, input: LaunchInput): (() => void)[] {
  const { readOnly, noSuid, noDev } = MOUNT_ATTRIBUTE;
  const attach: (() => void)[] = [];
  let next: number = SLOT.firstFree;
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
  for (const { source, target } of input.image.hostMounts)
    take(source, target, readOnly | noDev, false, false);
  for (const { source, target } of input.files) take(source, target, readOnly | noSuid | noDev, false, false);
  for (const mount of inOrder(input.config.mounts)) {
    if (mount.type === "tmpfs") {
      attach.push(() =>
        plan.add(
          "mount",
          "tmpfs",
          "tmpfs",
          tmpfsOptions(mount),
          noSuid | noDev,
          mount.target,
          mount.mode ?? 0o1777,
        ),
      );
      continue;
    }
    const attributes = noDev | (mount.readOnly ? readOnly : 0n);
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

function tmpfsOptions(mount: Extract<ContainerMount, { type: "tmpfs" }>): string {
  const size = mount.sizeBytes === undefined ? "" : `,size=${mount.sizeBytes}`;
  return `mode=${(mount.mode ?? 0o1777).toString(8)}${size}`;
}

function addParentSide(plan: PlanWriter, input: LaunchInput): void {
  for (const [index, { version }] of input.cgroups.entries())
    if (version === 1)
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
  attach: readonly (() => void)[],
  unified: boolean,
): void {
  const { config, image } = input;
  const hostname = hostnameOf(input.id, config);
  if (input.link !== undefined) {
    for (const name of ["all", "default"])
      plan.add("write", SLOT.proc, `sys/net/ipv6/conf/${name}/disable_ipv6`, "1");
    plan.add("signal");
  }
  // As docker: ordinary users may bind low ports and ping inside.
  plan.add("write", SLOT.proc, "sys/net/ipv4/ip_unprivileged_port_start", "0");
  plan.add("write", SLOT.proc, "sys/net/ipv4/ping_group_range", "0 2147483647");
  plan.add("hostname", hostname);
  plan.add("umask", 0o022);
  plan.add("overlay", overlayOptions(input), MS_NODEV);
  plan.add("wait"); // from here on the child is in its cgroups and its link is there
  plan.add("unshare", NEW.cgroup);
  addFileSystems(plan, { unifiedCgroup: unified });
  for (const add of attach) add();
  addMasks(plan);
  if (input.link !== undefined) plan.add("netlink", NETWORK.own, input.link.container, NONE);
  plan.add("pivot", 0);
  plan.add("rlimit", RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES);
  plan.add("chdir", config.workingDir ?? image.workingDir ?? "/", 1);
  addProcess(plan, input, commandLine(config, image), environmentOf(config, image, hostname));
}

function addProcess(
  plan: PlanWriter,
  input: LaunchInput,
  argv: readonly string[],
  environment: readonly string[],
): void {
  addSeccomp(plan, input.seccomp);
  if (input.config.init) {
    // The init runs for as long as the container does: it keeps no more than the container's root has.
    addCapabilities(plan);
    plan.add("init");
  }
  plan.add("user", input.config.user ?? input.image.user ?? "", "");
  addCapabilities(plan);
  plan.add("exec", stringRun(argv), stringRun(environment));
}

/** Before the capabilities go: loading a filter without no_new_privs takes CAP_SYS_ADMIN (seccomp(2)). */
function addSeccomp(plan: PlanWriter, filter: Uint8Array | undefined): void {
  if (filter !== undefined) plan.add("seccomp", filter);
}

function addCapabilities(plan: PlanWriter): void {
  const mask = capabilityMask(DEFAULT_CAPABILITIES);
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
  plan.add("setns", NAMESPACES | NEW.cgroup);
  if (input.terminal !== undefined) plan.add("terminal", input.terminal.rows, input.terminal.columns);
  plan.add("clone", 0, NONE, "", "");
  for (const [index] of input.cgroups.entries())
    plan.add("writePid", SLOT.firstCgroup + index, join(shortId(input.id), "cgroup.procs"));
  plan.add("signal").add("child").add("wait");
  plan.add("umask", 0o022);
  plan.add("rlimit", RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES);
  plan.add("chdir", input.workingDir, 0);
  addSeccomp(plan, input.seccomp);
  plan.add("user", input.user, "");
  addCapabilities(plan);
  plan.add("exec", stringRun(input.command), stringRun(input.environment));
  return plan.bytes();
}
