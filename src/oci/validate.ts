import { isCapability } from "../runtime/capability.ts";
import { CAPABILITY_SETS, type Bundle, type BundleProcess } from "./bundle.ts";
import { NAMESPACE_FLAGS, ownsNamespace } from "./namespaces.ts";
import { OciError } from "./oci-error.ts";
import { PROPAGATION } from "./mount-options.ts";
import { RLIMITS } from "./rlimits.ts";

/** Host-wide kernel parameters a container may have of its own, and the namespace each belongs to. */
const IPC_SYSCTLS = new Set(
  "kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni kernel.shm_rmid_forced".split(
    " ",
  ),
);

/** What the specification and runc refuse, before anything is made. Throws OciError. */
export function validateBundle(bundle: Bundle): void {
  if (!/^\d+\.\d+\.\d+/.test(bundle.ociVersion))
    throw new OciError(`"${bundle.ociVersion}" is not a version as ociVersion has them`);
  if (Number(bundle.ociVersion.split(".")[0]) !== 1)
    throw new OciError(`unsupported ociVersion "${bundle.ociVersion}": gantry knows 1.x`);
  if (bundle.root.path === "") throw new OciError("root is not specified in config");
  validateNamespaces(bundle);
  if (bundle.rootfsPropagation !== "" && !(`r${bundle.rootfsPropagation.replace(/^r/, "")}` in PROPAGATION))
    throw new OciError(`rootfsPropagation=${bundle.rootfsPropagation} is not supported`);
  for (const { destination, type } of bundle.mounts) {
    if (destination === "") throw new OciError("mounts: a destination is needed");
    if (type === "cgroup" && destination.split("/").includes(".."))
      throw new OciError(`mount destination ${destination} leaves the root`);
  }
  for (const { path, type } of bundle.devices) {
    if (!["c", "u", "b", "p"].includes(type)) throw new OciError(`invalid device type "${type}" of ${path}`);
    if (!path.startsWith("/")) throw new OciError(`device path ${path} is not absolute`);
  }
  for (const name of Object.keys(bundle.sysctl)) validateSysctl(bundle, name);
  const paths = [...bundle.maskedPaths, ...bundle.readonlyPaths];
  if (paths.length > 0 && !ownsNamespace(bundle, "mount"))
    throw new OciError("unable to restrict sys entries without a private MNT namespace");
}

function validateNamespaces(bundle: Bundle): void {
  const seen = new Set<string>();
  for (const { type, path } of bundle.namespaces) {
    if (!(type in NAMESPACE_FLAGS)) throw new OciError(`namespace "${type}" does not exist`);
    if (seen.has(type)) throw new OciError(`malformed spec file: duplicated ns "${type}"`);
    if (path !== "" && !path.startsWith("/")) throw new OciError(`namespace path ${path} is not absolute`);
    seen.add(type);
  }
  if (!seen.has("mount")) throw new OciError("a container without a mount namespace is not supported");
  if (bundle.hostname !== "" && !ownsNamespace(bundle, "uts"))
    throw new OciError("unable to set hostname without a private UTS namespace");
  const mapped = bundle.uidMappings.length > 0 || bundle.gidMappings.length > 0;
  const user = bundle.namespaces.find(({ type }) => type === "user");
  if (mapped && user === undefined)
    throw new OciError("user namespace mappings specified, but USER namespace isn't enabled in the config");
  if (user?.path === "" && (bundle.uidMappings.length === 0 || bundle.gidMappings.length === 0))
    throw new OciError("a new user namespace needs uidMappings and gidMappings");
  if (user !== undefined && user.path !== "")
    throw new OciError("joining a user namespace by its path is not supported");
}

function validateSysctl(bundle: Bundle, name: string): void {
  const plain = name.replaceAll("/", ".");
  if (IPC_SYSCTLS.has(plain) || plain.startsWith("fs.mqueue.")) {
    if (ownsNamespace(bundle, "ipc")) return;
    throw new OciError(`sysctl "${name}" is not allowed in the hosts ipc namespace`);
  }
  if (plain.startsWith("net.")) {
    if (bundle.namespaces.some(({ type }) => type === "network")) return;
    throw new OciError(`sysctl "${name}" not allowed in host network namespace`);
  }
  if (plain === "kernel.domainname") {
    if (ownsNamespace(bundle, "uts")) return;
    throw new OciError(`sysctl "${name}" is not allowed in the hosts UTS namespace`);
  }
  if (plain === "kernel.hostname")
    throw new OciError(`sysctl "${name}" is not allowed as it conflicts with the OCI "hostname" field`);
  throw new OciError(`sysctl "${name}" is not in a separate kernel namespace`);
}

/** The same for a process, that of the bundle or one of exec. Throws OciError. */
export function validateProcess(process: BundleProcess): void {
  if (process.cwd === "") throw new OciError("Cwd property must not be empty");
  if (!process.cwd.startsWith("/")) throw new OciError("Cwd must be an absolute path");
  if (process.args.length === 0) throw new OciError("args must not be empty");
  for (const { type, soft, hard } of process.rlimits) {
    if (!(type in RLIMITS)) throw new OciError(`wrong rlimit value: ${type}`);
    if (hard !== -1n && (soft === -1n || soft > hard))
      throw new OciError(`process.rlimits: the soft limit of ${type} is above the hard one`);
  }
  if (new Set(process.rlimits.map(({ type }) => type)).size < process.rlimits.length)
    throw new OciError("process.rlimits: a type stands there twice");
  const unknown = CAPABILITY_SETS.flatMap((set) => process.capabilities[set]).filter(
    (name) => !isCapability(name),
  );
  if (unknown.length > 0) throw new OciError(`unknown capability "${unknown[0]}"`);
  for (const gid of process.additionalGids)
    if (!Number.isInteger(gid) || gid < 0 || gid > 0xffff_ffff)
      throw new OciError("process.user.additionalGids: numbers from 0 to 4294967295 are needed here");
}
