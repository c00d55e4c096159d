import type { ContainerNamespaces } from "./container.ts";
import { isOfAnother, NEW, sharedModes, type SharedWith } from "./namespaces.ts";
import type { PlanWriter } from "./plan/encode.ts";
import { SLOT } from "./plan/operation.ts";

/** What a launch plan holds open of other containers whose namespaces are shared. */
export interface Shared {
  /** Slot of the process, by the mode that names it. */
  readonly processes: ReadonlyMap<string, number>;
  /** Slot of the mount that becomes /dev/shm, where the IPC namespace is another's. */
  readonly sharedMemory: number | undefined;
  /** Whether children of the shim are born into another container's pid namespace. */
  readonly pids: boolean;
  readonly nextSlot: number;
}

/** This process's own. */
const OWN = -1;

/** Before the clone: opens the processes, and goes where only the clone can lead, into a pid namespace. */
export function takeShared(
  plan: PlanWriter,
  namespaces: ContainerNamespaces = {},
  sharedWith: SharedWith = {},
): Shared {
  let nextSlot: number = SLOT.firstFree;
  const processes = new Map<string, number>();
  for (const mode of sharedModes(namespaces)) {
    const { pid = 0, startTime = 0 } = sharedWith[mode] ?? {};
    plan.add("process", nextSlot, pid, startTime);
    processes.set(mode, nextSlot++);
  }
  const sharedMemory = namespaces.ipc === undefined ? undefined : nextSlot++;
  const owner = processes.get(namespaces.ipc ?? "");
  if (sharedMemory !== undefined)
    if (owner === undefined) plan.add("hostTree", sharedMemory, "/dev/shm", 0, 0);
    else plan.add("treeOf", sharedMemory, owner, "/dev/shm");
  const pids = processes.get(namespaces.pid ?? "");
  if (pids !== undefined) plan.add("join", pids, NEW.pids);
  return { processes, sharedMemory, pids: pids !== undefined, nextSlot };
}

/** After the clone: what else the shim forks is its own again. */
export function addLeave(plan: PlanWriter, { pids }: Shared): void {
  if (pids) plan.add("join", OWN, NEW.pids);
}

/** In the child: the namespaces a process can enter by itself. */
export function addJoins(
  plan: PlanWriter,
  { network, ipc }: ContainerNamespaces = {},
  { processes }: Shared,
): void {
  for (const [mode, flag] of [
    [network, NEW.network],
    [ipc, NEW.ipc],
  ] as const) {
    const slot = isOfAnother(mode) ? processes.get(mode) : undefined;
    if (slot !== undefined) plan.add("join", slot, flag);
  }
}
