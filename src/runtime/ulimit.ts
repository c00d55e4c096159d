import type { PlanWriter } from "./plan/encode.ts";

/** setrlimit(2): numbers of x86_64 and aarch64. */
export const RESOURCES: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};
/** How proc_pid_limits(5) calls them. */
export const LIMIT_NAMES: Readonly<Record<string, string>> = {
  cpu: "Max cpu time",
  fsize: "Max file size",
  data: "Max data size",
  stack: "Max stack size",
  core: "Max core file size",
  rss: "Max resident set",
  nproc: "Max processes",
  nofile: "Max open files",
  memlock: "Max locked memory",
  as: "Max address space",
  locks: "Max file locks",
  sigpending: "Max pending signals",
  msgqueue: "Max msgqueue size",
  nice: "Max nice priority",
  rtprio: "Max realtime priority",
  rttime: "Max realtime timeout",
};
const RLIM_INFINITY = -1n; // all bits
/** What docker gives where nobody says otherwise. */
const DEFAULT_OPEN_FILES = 1_048_576;
/** Below this the launcher could not finish its own work. */
const LAUNCHER_OPEN_FILES = 1024;

export interface Ulimit {
  readonly soft: number;
  readonly hard: number;
}

type Ulimits = Readonly<Record<string, Ulimit>>;

/** Sets the limits while the process still may raise them; an unknown name sets nothing. */
export function addUlimits(plan: PlanWriter, ulimits: Ulimits = {}): void {
  const nofile = openFiles(ulimits);
  add(plan, "nofile", { soft: atLeast(nofile.soft), hard: atLeast(nofile.hard) });
  for (const [name, limit] of Object.entries(ulimits)) if (name !== "nofile") add(plan, name, limit);
}

/** Sets what would have been in the launcher's own way; lowering takes no privilege. Right before the exec. */
export function addLastUlimits(plan: PlanWriter, ulimits: Ulimits = {}): void {
  const nofile = openFiles(ulimits);
  if (atLeast(nofile.soft) !== nofile.soft || atLeast(nofile.hard) !== nofile.hard)
    add(plan, "nofile", nofile);
}

function openFiles(ulimits: Ulimits): Ulimit {
  return ulimits["nofile"] ?? { soft: DEFAULT_OPEN_FILES, hard: DEFAULT_OPEN_FILES };
}

function atLeast(limit: number): number {
  return limit === -1 ? limit : Math.max(limit, LAUNCHER_OPEN_FILES);
}

function add(plan: PlanWriter, name: string, { soft, hard }: Ulimit): void {
  const resource = RESOURCES[name];
  if (resource !== undefined) plan.add("rlimit", resource, value(soft), value(hard));
}

function value(limit: number): bigint {
  return limit === -1 ? RLIM_INFINITY : BigInt(limit);
}
