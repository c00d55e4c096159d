import { Option, type Command } from "commander";
import { append, wholeNumber } from "../commands/options.ts";

/** Flags of `run` and `create` as docker has them, as they were written. Lists are of flags given several times. */
export interface RunFlags {
  readonly detach?: boolean;
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly rm?: boolean;
  readonly name?: string;
  readonly publish?: readonly string[];
  readonly publishAll?: boolean;
  readonly expose?: readonly string[];
  readonly volume?: readonly string[];
  readonly mount?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly volumesFrom?: readonly string[];
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly label?: readonly string[];
  readonly labelFile?: readonly string[];
  readonly annotation?: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly entrypoint?: string;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly memory?: string;
  readonly memorySwap?: string;
  readonly memoryReservation?: string;
  readonly cpus?: string;
  readonly cpuShares?: number;
  readonly cpuPeriod?: number;
  readonly cpuQuota?: string;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly blkioWeight?: number;
  readonly pidsLimit?: string;
  readonly restart?: string;
  readonly network?: readonly string[];
  readonly net?: readonly string[];
  readonly networkAlias?: readonly string[];
  readonly ip?: string;
  readonly macAddress?: string;
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOption?: readonly string[];
  readonly addHost?: readonly string[];
  readonly link?: readonly string[];
  readonly healthCmd?: string;
  readonly healthInterval?: string;
  readonly healthTimeout?: string;
  readonly healthStartPeriod?: string;
  readonly healthStartInterval?: string;
  readonly healthRetries?: number;
  /** False where `--no-healthcheck` was given. */
  readonly healthcheck: boolean;
  readonly init?: boolean;
  readonly privileged?: boolean;
  readonly readOnly?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly securityOpt?: readonly string[];
  readonly groupAdd?: readonly string[];
  readonly ulimit?: readonly string[];
  readonly sysctl?: readonly string[];
  readonly device?: readonly string[];
  readonly deviceCgroupRule?: readonly string[];
  readonly shmSize?: string;
  readonly oomScoreAdj?: string;
  readonly pid?: string;
  readonly ipc?: string;
  readonly uts?: string;
  readonly userns?: string;
  readonly cgroupns?: string;
  readonly cgroupParent?: string;
  readonly runtime?: string;
  readonly stopSignal?: string;
  readonly stopTimeout?: number;
  readonly logDriver?: string;
  readonly logOpt?: readonly string[];
  readonly platform?: string;
  readonly pull: "always" | "missing" | "never";
  readonly quiet?: boolean;
  readonly cidfile?: string;
  readonly detachKeys?: string;
  /** Absent where it cannot be given. */
  readonly sigProxy?: boolean;
  readonly attach?: readonly string[];
}

type Kind = "flag" | "text" | "list" | "number";

/** What a container is asked to be: commander's flags, what follows them, and a line of help. */
const FLAGS: readonly (readonly [flags: string, kind: Kind, help: string])[] = [
  ["-i, --interactive", "flag", "keep standard input open, and hand ours on"],
  ["-t, --tty", "flag", "run it on a terminal of its own"],
  ["-a, --attach <stream>", "list", "only listen to this: stdout, stderr, stdin"],
  ["--name <name>", "text", "what to call it"],
  ["--rm", "flag", "remove it, and its anonymous volumes, once it has ended"],
  ["-p, --publish <[ip:]port:port>", "list", "publish a port: 8080:80, 127.0.0.1:8080:80/udp"],
  ["-P, --publish-all", "flag", "publish every port its image exposes, each on any free one"],
  ["--expose <port>", "list", "make a port known without publishing it"],
  ["-v, --volume <source:target[:ro]>", "list", "mount a folder of this machine, or a named volume"],
  ["--mount <key=value,...>", "list", "mount, in words: type=bind,source=/a,target=/b,readonly"],
  ["--tmpfs <target[:options]>", "list", "mount memory: /tmp:size=64m"],
  ["--volumes-from <container[:ro]>", "list", "mount what another container has mounted"],
  ["-e, --env <name[=value]>", "list", "add to its environment; a name alone takes the value it has here"],
  ["--env-file <file>", "list", "read more of that from a file"],
  ["-l, --label <name[=value]>", "list", "label it"],
  ["--label-file <file>", "list", "read labels from a file"],
  ["--annotation <name=value>", "list", "annotate it"],
  ["-w, --workdir <folder>", "text", "where its command starts"],
  ["-u, --user <user[:group]>", "text", "as whom"],
  ["--entrypoint <program>", "text", "instead of the image's; the image's command is then left out"],
  ["-h, --hostname <name>", "text", "its host name"],
  ["--domainname <name>", "text", "its domain name"],
  ["-m, --memory <bytes>", "text", "most memory: 256m"],
  ["--memory-swap <bytes>", "text", "most memory and swap together, -1 for any"],
  ["--memory-reservation <bytes>", "text", "what it keeps when memory is short"],
  ["--cpus <number>", "text", "most processors: 1.5"],
  ["-c, --cpu-shares <weight>", "number", "share of the processors when they are short (default 1024)"],
  ["--cpu-period <microseconds>", "number", "period of the quota"],
  ["--cpu-quota <microseconds>", "text", "processor time in each period"],
  ["--cpuset-cpus <list>", "text", "which processors: 0-2,4"],
  ["--cpuset-mems <list>", "text", "which memory nodes"],
  ["--blkio-weight <weight>", "number", "share of the disks when they are short"],
  ["--pids-limit <number>", "text", "most processes, -1 for any"],
  ["--restart <policy>", "text", "no, always, unless-stopped, on-failure[:times]"],
  ["--network <network>", "list", "a network, host, none or container:NAME"],
  ["--network-alias <name>", "list", "a further name in its network"],
  ["--ip <address>", "text", "its address there"],
  ["--mac-address <address>", "text", "its hardware address there"],
  ["--dns <address>", "list", "ask this name server"],
  ["--dns-search <domain>", "list", "look names up in this domain too"],
  ["--dns-option <option>", "list", "an option of resolv.conf(5)"],
  ["--add-host <name:address>", "list", "a line for its /etc/hosts"],
  ["--link <container:name>", "list", "as docker has it, for old times' sake"],
  ["--health-cmd <command>", "text", "a shell command that says whether it is well"],
  ["--health-interval <duration>", "text", "time between two of them"],
  ["--health-timeout <duration>", "text", "what one may take"],
  ["--health-start-period <duration>", "text", "how long failures do not count"],
  ["--health-start-interval <duration>", "text", "time between two of them meanwhile"],
  ["--health-retries <number>", "number", "failures in a row that count"],
  ["--no-healthcheck", "flag", "leave out the image's"],
  ["--init", "flag", "run a small init first that reaps and hands signals on"],
  ["--privileged", "flag", "give it the machine: every device, every capability"],
  ["--read-only", "flag", "let it write nowhere but into mounts"],
  ["--cap-add <name>", "list", "a capability more"],
  ["--cap-drop <name>", "list", "a capability less, or ALL"],
  ["--security-opt <option>", "list", "seccomp=FILE, seccomp=unconfined, no-new-privileges"],
  ["--group-add <group>", "list", "a further group for its user"],
  ["--ulimit <name=soft[:hard]>", "list", "a limit as of setrlimit(2)"],
  ["--sysctl <name=value>", "list", "a setting of its kernel namespaces"],
  ["--device <path[:target[:rwm]]>", "list", "a device of this machine"],
  ["--device-cgroup-rule <rule>", "list", "devices it may use, as cgroups say it"],
  ["--shm-size <bytes>", "text", "size of /dev/shm"],
  ["--oom-score-adj <number>", "text", "how soon the kernel ends it when memory is out"],
  ["--pid <mode>", "text", "host, or container:NAME"],
  ["--ipc <mode>", "text", "host, private, shareable or container:NAME"],
  ["--uts <mode>", "text", "host"],
  ["--userns <mode>", "text", "host: its root is this machine's"],
  ["--cgroupns <mode>", "text", "host or private"],
  ["--cgroup-parent <path>", "text", "as docker has it"],
  ["--runtime <name>", "text", "as docker has it"],
  ["--stop-signal <signal>", "text", "what asks it to end"],
  ["--stop-timeout <seconds>", "number", "how long that may take"],
  ["--log-driver <name>", "text", "json-file or local, which mean gantry's own, or none"],
  ["--log-opt <name=value>", "list", "max-size, max-file"],
  ["--platform <os/arch[/variant]>", "text", "for another machine than this"],
  ["--cidfile <file>", "text", "write its id there"],
  ["-q, --quiet", "flag", "do not show the pull"],
];

const PARSERS = { flag: undefined, text: undefined, list: append, number: wholeNumber } as const;

/** Adds the flags that `run` and `create` have in common. */
export function addRunFlags(command: Command): Command {
  // Docker's -h is the host name.
  command.helpOption("--help", "show help");
  for (const [flags, kind, help] of FLAGS) command.addOption(optionOf(flags, kind, help));
  command.addOption(optionOf("--net <network>", "list", "docker's older name for --network").hideHelp());
  return command.addOption(
    new Option("--pull <when>", "bring the image from its registry")
      .choices(["always", "missing", "never"])
      .default("missing"),
  );
}

const LIMITS = /^(?:-\w, )?--(?:memory|cpu|blkio|pids|restart)/;

/** Adds those of them that `update` has. */
export function addLimitFlags(command: Command): Command {
  for (const [flags, kind, help] of FLAGS)
    if (LIMITS.test(flags)) command.addOption(optionOf(flags, kind, help));
  return command;
}

function optionOf(flags: string, kind: Kind, help: string): Option {
  const option = new Option(flags, help);
  const parser = PARSERS[kind];
  return parser === undefined
    ? option
    : option.argParser<unknown>(parser as (value: string, before: unknown) => unknown);
}
