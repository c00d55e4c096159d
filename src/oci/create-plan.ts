import { join } from "node:path";
import { capabilityMask } from "../runtime/capability.ts";
import { NEW } from "../runtime/namespaces.ts";
import { PlanWriter, stringRun } from "../runtime/plan/encode.ts";
import { SLOT } from "../runtime/plan/operation.ts";
import { loopbackOnly } from "../net/netlink/container-link.ts";
import type { Bundle, BundleProcess, IdMapping } from "./bundle.ts";
import type { CgroupFolder } from "./cgroup-folders.ts";
import { addNodes, takeNodes } from "./dev-nodes.ts";
import { addFilter, addListener, type Filter } from "./filter.ts";
import { addHooks } from "./hooks.ts";
import { addMounts, addReadOnly, fillsDev, inherited, takeMounts } from "./mounts.ts";
import { PROPAGATION } from "./mount-options.ts";
import { makesNamespace, NAMESPACE_FLAGS } from "./namespaces.ts";
import { addLastRlimits, addRlimits } from "./rlimits.ts";
import { START_SOCKET } from "./state-folder.ts";

const NONE = -1;
const OWN_NETWORK = 1;
/** Slots of native/oneshot.c. */
export const ONESHOT = { folder: 2, hostRoot: 3, firstFree: 4, foregroundConsole: 255 } as const;
const O_RDONLY = 0;

/** Where a terminal goes: to a socket, or between the process and this one's own; undefined without one. */
export type Console = { readonly socket: string } | "foreground" | undefined;

export interface CreateInput {
  readonly bundle: Bundle;
  readonly process: BundleProcess;
  /** Absolute. */
  readonly bundleFolder: string;
  readonly rootfs: string;
  readonly cgroups: readonly CgroupFolder[];
  /** On cgroup v2, the program that decides over devices (device-program.ts). */
  readonly access: { readonly path: string; readonly program: Uint8Array } | undefined;
  readonly filter: Filter | undefined;
  /** For hooks: without a pid. */
  readonly state: Readonly<Record<string, unknown>>;
  readonly console: Console;
  readonly noPivot: boolean;
}

/**
 * Compiles a bundle into its launch plan, for native/oneshot.c. Shim and child take turns: cgroups first, then the
 * child's mounts, then the hooks that see both, then the rest of the child up to where it waits to be started.
 */
export function compileCreate(input: CreateInput): Uint8Array {
  const plan = new PlanWriter();
  const { bundle, process } = input;
  let slot: number = ONESHOT.firstFree;
  const nextSlot = (): number => slot++;
  if (input.access !== undefined)
    plan.add("deviceFilter", ONESHOT.hostRoot, input.access.path.slice(1), input.access.program);
  plan.add("listen", ONESHOT.folder, START_SOCKET);
  const console = takeConsole(plan, input, nextSlot);
  addListener(plan, input.filter);
  const joined = bundle.namespaces
    .filter(({ path }) => path !== "")
    .map(({ type, path }) => {
      const namespace = nextSlot();
      plan.add("open", namespace, ONESHOT.hostRoot, path.replace(/^\/+/, ""), O_RDONLY);
      return { flag: NAMESPACE_FLAGS[type] ?? 0, slot: namespace };
    });
  const userNamespace = makesNamespace(bundle, "user");
  const root = nextSlot();
  plan.add("hostTree", root, input.rootfs, 1, 0);
  const mounts = takeMounts(plan, {
    bundle: input.bundleFolder,
    mounts: bundle.mounts,
    cgroups: input.cgroups,
    ownCgroupNamespace: makesNamespace(bundle, "cgroup"),
    rootfsPropagation: bundle.rootfsPropagation,
    nextSlot,
  });
  const nodes = userNamespace ? takeNodes(plan, bundle.devices, nextSlot) : undefined;
  for (const one of joined) if (one.flag === NEW.pids) plan.add("join", one.slot, one.flag);
  plan.add("clone", newNamespaces(bundle), NONE, mapText(bundle.uidMappings), mapText(bundle.gidMappings));
  addParentSide(plan, input);
  plan.add("child").add("wait");
  if (userNamespace) plan.add("become", 0, 0);
  for (const one of joined) if (one.flag !== NEW.pids) plan.add("join", one.slot, one.flag);
  if (makesNamespace(bundle, "cgroup")) plan.add("unshare", NEW.cgroup);
  if (bundle.hostname !== "") plan.add("hostname", bundle.hostname);
  if (bundle.domainname !== "") plan.add("domainName", bundle.domainname);
  if (makesNamespace(bundle, "network")) plan.add("netlink", OWN_NETWORK, loopbackOnly(), NONE);
  plan.add("umask", 0o022);
  plan.add("rootAt", root, input.rootfs);
  plan.add("mountSet", "/", 0, 0, inherited(bundle.rootfsPropagation), 1);
  // The root itself has to be private for pivot_root(2); what the bundle wants of it comes after that.
  plan.add("mountSet", "/", 0, 0, PROPAGATION["private"] ?? 0, 0);
  addMounts(plan, mounts, bundle.rootfsPropagation);
  if (fillsDev(bundle.mounts)) addNodes(plan, bundle.devices, nodes);
  for (const [name, value] of Object.entries(bundle.sysctl))
    plan.add("write", SLOT.proc, `sys/${name.replaceAll(".", "/")}`, value);
  plan.add("signal").add("wait");
  addHooks(plan, bundle.hooks.createContainer, input.state);
  if (console !== undefined) plan.add("console", console, process.rows, process.columns);
  addReadOnly(plan, mounts);
  for (const path of bundle.readonlyPaths) plan.add("readOnly", path);
  for (const path of bundle.maskedPaths) plan.add("mask", path);
  plan.add("mkdirIn", join("/", process.cwd), 0o755);
  const readOnly = bundle.root.readonly ? 1 : 0;
  if (input.noPivot) plan.add("moveRoot", readOnly, input.rootfs);
  else plan.add("pivot", readOnly);
  if (bundle.rootfsPropagation !== "")
    plan.add(
      "mountSet",
      "/",
      0,
      0,
      PROPAGATION[bundle.rootfsPropagation] ?? 0,
      bundle.rootfsPropagation.startsWith("r") ? 1 : 0,
    );
  plan.add("chdir", process.cwd, 0);
  plan.add("find", process.args[0] ?? "", pathOf(process.env));
  plan.add("awaitStart");
  addProcess(plan, process, input.filter, { ...input.state, status: "created" }, () =>
    addHooks(plan, bundle.hooks.startContainer, { ...input.state, status: "created" }),
  );
  return plan.bytes();
}

function addParentSide(plan: PlanWriter, { bundle, process, cgroups, state }: CreateInput): void {
  for (const { path } of cgroups) plan.add("writePid", ONESHOT.hostRoot, join(path, "cgroup.procs").slice(1));
  if (process.oomScoreAdj !== undefined) plan.add("writeOf", "oom_score_adj", String(process.oomScoreAdj));
  addRlimits(plan, process.rlimits);
  plan.add("signal").add("wait");
  // Deprecated, and from when all of them ran between create and start: that is the status they are told.
  addHooks(plan, bundle.hooks.prestart, { ...state, status: "created" });
  addHooks(plan, bundle.hooks.createRuntime, state);
  plan.add("signal");
}

/** Who the process is and what it may do, and the program at last; `before` is what its own root may still want done. */
export function addProcess(
  plan: PlanWriter,
  process: BundleProcess,
  filter: Filter | undefined,
  state: Readonly<Record<string, unknown>>,
  before: () => void,
): void {
  addLastRlimits(plan, process.rlimits);
  if (process.umask !== undefined) plan.add("umask", process.umask);
  // Without no_new_privs loading a filter takes CAP_SYS_ADMIN; with it, the later the fewer calls it must let through.
  if (process.noNewPrivileges) plan.add("noNewPrivileges");
  else addFilter(plan, filter, state);
  plan.add("user", `${process.uid}:${process.gid}`, process.additionalGids.join(","));
  const mask = (set: keyof BundleProcess["capabilities"]): bigint =>
    capabilityMask(process.capabilities[set]);
  plan.add(
    "capabilities",
    mask("bounding"),
    mask("effective"),
    mask("permitted"),
    mask("inheritable"),
    // What is not inheritable cannot be ambient (capabilities(7)); runc's own template asks for it all the same.
    mask("ambient") & mask("inheritable") & mask("permitted"),
  );
  if (process.noNewPrivileges) addFilter(plan, filter, state);
  before();
  plan.add("exec", stringRun(process.args), stringRun(process.env));
}

/** The slot a terminal goes to; undefined without one. */
export function takeConsole(
  plan: PlanWriter,
  input: { readonly console: Console },
  nextSlot: () => number,
): number | undefined {
  if (input.console === undefined) return undefined;
  if (input.console === "foreground") return ONESHOT.foregroundConsole;
  const slot = nextSlot();
  plan.add("connect", slot, input.console.socket);
  return slot;
}

/** Flags for the clone; the cgroup namespace is made later, inside its cgroup. */
function newNamespaces(bundle: Bundle): number {
  const made = bundle.namespaces.filter(({ type, path }) => path === "" && type !== "cgroup");
  return made.reduce<number>((flags, { type }) => flags | (NAMESPACE_FLAGS[type] ?? 0), NEW.mounts);
}

/** user_namespaces(7) */
function mapText(mappings: readonly IdMapping[]): string {
  return mappings.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}\n`).join("");
}

/** PATH of an environment; the usual folders without one. */
export function pathOf(environment: readonly string[]): string {
  const found = environment.findLast((one) => one.startsWith("PATH="));
  return found?.slice("PATH=".length) ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}
