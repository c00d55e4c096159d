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
 * Whether a container's root can be an unprivileged user of the host. Not where that is declined, nor where it is to
 * have power over what belongs to the host or to another container: namespaces that it shares.
 */
export function wantsOwnIds({ security, namespaces = {} }: ContainerConfig): boolean {
  const { network, pid, ipc, uts, cgroup, user } = namespaces;
  const shared = [pid, ipc, uts, cgroup, user, network === "none" ? undefined : network];
  return security?.privileged !== true && shared.every((mode) => mode === undefined);
}
