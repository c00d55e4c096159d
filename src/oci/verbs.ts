import type { Flag, Parsed } from "./command-line.ts";

/** What every verb knows: the flags before it. */
export interface Globals {
  /** Folder of all containers' state. */
  readonly root: string;
}

export interface Verb {
  readonly usage: string;
  readonly words: string;
  readonly flags: readonly Flag[];
  /** Flags end where the command of the container begins. */
  readonly flagsAnywhere: boolean;
  /** Resolves with the exit status. Throws OciError. */
  readonly run: (globals: Globals, parsed: Parsed) => Promise<number>;
}

const BUNDLE: Flag = {
  names: ["bundle", "b"],
  value: "value",
  usage: "path to the root of the bundle (default: the working directory)",
};
const CONSOLE: Flag = {
  names: ["console-socket"],
  value: "value",
  usage: "path of a unix socket that receives the terminal",
};
const PID_FILE: Flag = { names: ["pid-file"], value: "value", usage: "file to write the process id to" };
const PRESERVE: Flag = {
  names: ["preserve-fds"],
  value: "value",
  usage: "pass so many additional file descriptors to the container",
};
const CREATE = [
  BUNDLE,
  CONSOLE,
  PID_FILE,
  { names: ["no-pivot"], usage: "do not use pivot_root, for roots on a ramdisk" },
  { names: ["no-new-keyring"], usage: "accepted: no session keyring is made" },
  PRESERVE,
];
const value = (name: string, usage: string): Flag => ({ names: name.split(" "), value: "value", usage });
const ID = "<container-id>";

/** Every verb, loaded when it runs. */
export const VERBS: Readonly<Record<string, Verb>> = {
  checkpoint: notBuilt("checkpoint a running container"),
  create: {
    usage: "create a container",
    words: ID,
    flags: CREATE,
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/create.ts")).create(globals, parsed),
  },
  delete: {
    usage: "delete any resources held by the container often used with detached container",
    words: ID,
    flags: [{ names: ["force", "f"], usage: "kill the container if it still runs" }],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/delete.ts")).deleteContainer(globals, parsed),
  },
  events: {
    usage: "display container events such as OOM notifications, cpu, memory, and IO usage statistics",
    words: ID,
    flags: [
      value("interval", "time between two statistics (default: 5s)"),
      { names: ["stats"], usage: "display the statistics once" },
    ],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/events.ts")).events(globals, parsed),
  },
  exec: {
    usage: "execute new process inside the container",
    words: `${ID} <command> [command options]`,
    flags: [
      CONSOLE,
      value("cwd", "working directory in the container"),
      value("env e", "environment variable NAME=VALUE"),
      { names: ["tty", "t"], usage: "allocate a terminal" },
      value("user u", "uid[:gid]"),
      value("additional-gids g", "additional group id"),
      value("process p", "path of a process.json"),
      { names: ["detach", "d"], usage: "do not wait for the process" },
      PID_FILE,
      { names: ["no-new-privs"], usage: "set no_new_privs" },
      value("cap c", "add a capability"),
      PRESERVE,
      value("cgroup", "run in a sub-cgroup: path, or controller[,controller]:path"),
      { names: ["ignore-paused"], usage: "wait for a paused container to be resumed" },
    ],
    flagsAnywhere: false,
    run: async (globals, parsed) => (await import("./verbs/exec.ts")).exec(globals, parsed),
  },
  features: {
    usage: "show the enabled features",
    words: "",
    flags: [],
    flagsAnywhere: true,
    run: async () => (await import("./verbs/features.ts")).features(),
  },
  kill: {
    usage: "kill sends the specified signal (default: SIGTERM) to the container's init process",
    words: `${ID} [signal]`,
    flags: [{ names: ["all", "a"], usage: "send it to all processes of the container" }],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/kill.ts")).kill(globals, parsed),
  },
  list: {
    usage: "lists containers started with the given root",
    words: "",
    flags: [
      value("format f", "table or json"),
      { names: ["quiet", "q"], usage: "display only container ids" },
    ],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/list.ts")).list(globals, parsed),
  },
  pause: {
    usage: "pause suspends all processes inside the container",
    words: ID,
    flags: [],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/pause.ts")).pause(globals, parsed),
  },
  ps: {
    usage: "ps displays the processes running inside a container",
    words: `${ID} [ps options]`,
    flags: [value("format f", "table or json")],
    flagsAnywhere: false,
    run: async (globals, parsed) => (await import("./verbs/ps.ts")).ps(globals, parsed),
  },
  restore: notBuilt("restore a container from a previous checkpoint"),
  resume: {
    usage: "resumes all processes that have been previously paused",
    words: ID,
    flags: [],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/pause.ts")).resume(globals, parsed),
  },
  run: {
    usage: "create and run a container",
    words: ID,
    flags: [
      ...CREATE,
      { names: ["detach", "d"], usage: "do not wait for the container" },
      { names: ["keep"], usage: "do not delete the container after it ends" },
      { names: ["no-subreaper"], usage: "accepted: no subreaper is made" },
    ],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/create.ts")).run(globals, parsed),
  },
  spec: {
    usage: "create a new specification file",
    words: "",
    flags: [BUNDLE, { names: ["rootless"], usage: "for a user without privileges: not supported" }],
    flagsAnywhere: true,
    run: async (_globals, parsed) => (await import("./verbs/spec.ts")).spec(parsed),
  },
  start: {
    usage: "executes the user defined process in a created container",
    words: ID,
    flags: [],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/start.ts")).start(globals, parsed),
  },
  state: {
    usage: "output the state of a container",
    words: ID,
    flags: [],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/state.ts")).state(globals, parsed),
  },
  update: {
    usage: "update container resource constraints",
    words: ID,
    flags: [
      value("resources r", "file of JSON to read the resources from, - for standard input"),
      value("blkio-weight", "weight of block input and output, from 10 to 1000"),
      value("cpu-period", "scheduling period in microseconds"),
      value("cpu-quota", "CPU time in a period in microseconds"),
      value("cpu-share", "share of CPU time against other containers"),
      value("cpu-rt-period", "real-time period in microseconds"),
      value("cpu-rt-runtime", "real-time in a period in microseconds"),
      value("cpuset-cpus", "CPUs to use"),
      value("cpuset-mems", "memory nodes to use"),
      value("cpu-idle", "SCHED_IDLE or not: 1 or 0"),
      value("memory", "limit in bytes"),
      value("memory-reservation", "soft limit in bytes"),
      value("memory-swap", "limit of memory and swap in bytes, -1 for none"),
      value("pids-limit", "processes, -1 for any number"),
    ],
    flagsAnywhere: true,
    run: async (globals, parsed) => (await import("./verbs/update.ts")).update(globals, parsed),
  },
};

function notBuilt(usage: string): Verb {
  return {
    usage,
    words: ID,
    flags: [],
    flagsAnywhere: true,
    run: async () => {
      const { OciError } = await import("./oci-error.ts");
      throw new OciError("checkpoint and restore are not supported");
    },
  };
}
