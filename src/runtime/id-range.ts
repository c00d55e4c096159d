import type { ContainerConfig } from "./container.ts";

/** How many user and group ids a container has: 0 to 65535, as many as images use. */
export const IDS = 0x10000;
/** Above what distributions give to users (subuid(5)), and aligned, so that the id inside can be read off in hexadecimal. */
const FIRST = 0x100000;
/** The last range would hold 2^32 - 1, which is no id (setresuid(2)). */
const END = 0xffff0000;

/**
 * The lowest range that nobody has, as its first id on the host; undefined when there is none left. Another instance of
 * gantry may use the same ranges: what keeps containers apart is not the range alone.
 */
export function freeRange(taken: ReadonlySet<number>): number | undefined {
  for (let base = FIRST; base < END; base += IDS) if (!taken.has(base)) return base;
  return undefined;
}

/** A line of uid_map and gid_map, user_namespaces(7). */
export function idMap(base: number): string {
  return `0 ${base} ${IDS}`;
}

/**
 * Capabilities that the kernel only heeds in the host's own user namespace: whoever adds one means the host. All others
 * have power over what is the container's, and that they keep.
 */
const OVER_THE_HOST: ReadonlySet<string> = new Set(
  (
    "ALL AUDIT_CONTROL AUDIT_READ BLOCK_SUSPEND BPF IPC_LOCK LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD " +
    "PERFMON SYSLOG SYS_BOOT SYS_MODULE SYS_NICE SYS_PACCT SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM"
  )
    .split(" ")
    .map((name) => (name === "ALL" ? name : `CAP_${name}`)),
);

/**
 * Whether a container's root can be an unprivileged user of the host. Not where that is declined, nor where it is to
 * have power over what belongs to the host or to another container: privileges, and namespaces that it shares.
 */
export function wantsOwnIds({ security = {}, namespaces = {} }: ContainerConfig): boolean {
  const { privileged = false, capAdd = [] } = security;
  if (privileged || capAdd.some((name) => OVER_THE_HOST.has(name))) return false;
  const { network, pid, ipc, uts, cgroup, user } = namespaces;
  const shared = [pid, ipc, uts, cgroup, user, network === "none" ? undefined : network];
  return shared.every((mode) => mode === undefined);
}
