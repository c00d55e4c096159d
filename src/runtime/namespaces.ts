import type { ContainerNamespaces, OfAnother } from "./container.ts";

/** clone(2) flags. */
export const NEW = {
  mounts: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pids: 0x20000000,
  network: 0x40000000,
} as const;

/** Everything a further process of a container joins. */
export const ALL_NAMESPACES = NEW.mounts | NEW.uts | NEW.ipc | NEW.pids | NEW.network | NEW.cgroup;

/** A process that lives: its pid on the host, and its start time in clock ticks (proc_pid_stat(5)), so that it stays itself. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: number;
}

/** The first processes of containers whose namespaces are shared, by the mode that names them: `service:web`. */
export type SharedWith = Readonly<Record<string, ProcessIdentity>>;

/** Flags for the clone: the namespaces that are the container's own. The cgroup namespace is made later, inside its cgroup. */
export function ownNamespaces(namespaces: ContainerNamespaces = {}): number {
  const { network, pid, ipc, uts } = namespaces;
  return (
    NEW.mounts |
    (network === undefined || network === "none" ? NEW.network : 0) |
    (pid === undefined ? NEW.pids : 0) |
    (ipc === undefined ? NEW.ipc : 0) |
    (uts === undefined ? NEW.uts : 0)
  );
}

/** The modes that name another container, which has to run before this one can. */
export function sharedModes(namespaces: ContainerNamespaces = {}): readonly OfAnother[] {
  const modes = [namespaces.network, namespaces.pid, namespaces.ipc];
  return [...new Set(modes.filter(isOfAnother))];
}

/** `service:web` or `container:ID`: a namespace of another container. */
export function isOfAnother(mode: string | undefined): mode is OfAnother {
  return mode !== undefined && /^(service|container):/.test(mode);
}

/** What such a mode names: `web` of `service:web`. */
export function namedBy(mode: OfAnother): { readonly kind: "service" | "container"; readonly name: string } {
  const colon = mode.indexOf(":");
  return { kind: mode.startsWith("service:") ? "service" : "container", name: mode.slice(colon + 1) };
}
