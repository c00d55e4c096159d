import { posix } from "node:path";
import type { ContainerMount } from "../runtime/container.ts";
import { heredocMark } from "./dockerfile/heredoc.ts";
import { fault, type Instruction } from "./dockerfile/instruction.ts";
import { readMount, type RunMount } from "./dockerfile/mount.ts";
import { rawWords } from "./dockerfile/words.ts";
import { planCopy } from "./copy-plan.ts";
import type { ContentDigests } from "./digest.ts";
import type { FileTree } from "./file-tree.ts";
import type { LayerMember } from "./layer-archive.ts";
import { commandOf, DEFAULT_SHELL } from "./metadata.ts";
import type { BuildOptions } from "./options.ts";
import { environmentMap, type StageState } from "./stage-state.ts";
import { own, PROXY_ARGUMENTS } from "./variables.ts";
import type { BuildWorld, RunRequest, SecretFile } from "./world.ts";

/** Where a script that a here-document holds lies while it runs. */
const SCRIPTS = "/dev/pipes";

/** What a RUN comes to, before anything is run. */
export interface PlannedRun {
  /** What it depends on besides the layers below it. */
  readonly inputs: unknown;
  /** For the history. */
  readonly createdBy: string;
  readonly command: readonly string[];
  /** Makes what has to be there, and says what to run. */
  prepare(): Promise<Omit<RunRequest, "output" | "signal">>;
}

export interface RunContext {
  readonly instruction: Instruction;
  readonly state: StageState;
  readonly options: BuildOptions;
  readonly world: BuildWorld;
  readonly digests: ContentDigests;
  readonly say: (word: string) => string;
  /** The tree that a mount's `from` means; the context's without one. */
  readonly treeOf: (from: string | undefined) => Promise<FileTree>;
}

/** Works out a RUN. Throws spec.invalid for mounts of what is not there. */
export async function planRun(context: RunContext): Promise<PlannedRun> {
  const { instruction, state, options, world, say } = context;
  const { flags, place } = instruction;
  const flag = (name: string): string | undefined => flags.find((one) => one.name === name)?.value;
  const network = (flag("network") ?? options.network) as RunRequest["network"];
  const { command, script } = commandLine(instruction, state);
  const mounts = await Promise.all(
    flags
      .filter(({ name }) => name === "mount")
      .map(async ({ value }) => await planMount(readMount(value, place), context)),
  );
  const environment = Object.fromEntries([
    ...[...state.declared].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    ...environmentMap(state.config),
  ]);
  const proxies = Object.fromEntries(
    PROXY_ARGUMENTS.flatMap((name) => {
      const value = own(options.given, name);
      return value === undefined || Object.hasOwn(environment, name) ? [] : [[name, value]];
    }),
  );
  const workingDir = state.config.WorkingDir ?? "/";
  const user = state.config.User;
  const declared = [...state.declared].flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  return {
    command,
    createdBy: `RUN ${declared.length === 0 ? "" : `|${declared.length} ${declared.join(" ")} `}${command.join(" ")}`,
    inputs: [
      command,
      script ?? null,
      Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1)),
      workingDir,
      user ?? null,
      network,
      mounts.map(({ input }) => input),
      options.run.extraHosts,
    ],
    prepare: async () => {
      const made = await Promise.all(mounts.map(async (mount) => await mount.make()));
      const scripts: readonly SecretFile[] =
        script === undefined
          ? []
          : [
              {
                name: "script",
                target: command[0] ?? "",
                bytes: Buffer.from(script),
                mode: 0o755,
                uid: 0,
                gid: 0,
              },
            ];
      return {
        diffIds: state.diffIds,
        overHost: state.overHost,
        command,
        environment: {
          ...proxies,
          ...environment,
          ...Object.assign({}, ...made.map(({ env = {} }) => env)),
        } as Record<string, string>,
        workingDir,
        ...(user === undefined ? {} : { user }),
        mounts: made.flatMap(({ mount }) => mount ?? []),
        locked: made.flatMap(({ locked }) => locked ?? []),
        secrets: [...scripts, ...made.flatMap(({ secret }) => secret ?? [])],
        network,
      };
    },
  };

  function commandLine(
    { rest, json, heredocs, place: here }: Instruction,
    { config }: StageState,
  ): { readonly command: readonly string[]; readonly script?: string } {
    const [first] = heredocs;
    if (json !== undefined || first === undefined)
      return { command: commandOf({ rest, ...(json && { json }) }, config) };
    const words = rawWords(rest, "\\");
    const alone = words.length === 1 && heredocMark(words[0] ?? "") !== undefined;
    if (alone && first.content.startsWith("#!")) {
      if (first.name.includes("/")) throw fault(here, `${first.name} cannot be the name of a script`);
      return { command: [`${SCRIPTS}/${first.name}`], script: first.content };
    }
    const shell = config.Shell ?? DEFAULT_SHELL;
    if (alone) return { command: [...shell, first.content] };
    const documents = heredocs.map(({ name, content }) => `${content}${name}\n`).join("");
    return { command: [...shell, `${rest}\n${documents}`] };
  }

  async function planMount(mount: RunMount, { digests, treeOf }: RunContext): Promise<PlannedMount> {
    const target = (text: string): string => posix.resolve(state.config.WorkingDir ?? "/", say(text));
    switch (mount.type) {
      case "tmpfs": {
        const at = target(mount.target);
        const size = mount.sizeBytes === undefined ? {} : { sizeBytes: mount.sizeBytes };
        const made: ContainerMount = { type: "tmpfs", target: at, exec: true, ...size };
        return { input: ["tmpfs", at, size], make: async () => ({ mount: made }) };
      }
      case "bind":
        return await planBind(mount, { digests, treeOf });
      case "cache": {
        if (mount.from !== undefined)
          throw fault(place, "a cache mount that begins with files of another stage is not built");
        const at = target(mount.target);
        const id = mount.id === undefined ? at : say(mount.id);
        return {
          input: ["cache", at, id, mount.readOnly],
          make: async () => ({
            ...(mount.sharing === "shared" ? {} : { locked: id }),
            mount: {
              type: "bind",
              source: await world.cacheFolder(id, mount),
              target: at,
              readOnly: mount.readOnly,
              createSource: false,
            },
          }),
        };
      }
      case "secret":
        return planSecret(mount);
      case "ssh":
        return planAgent(mount);
    }
  }

  async function planBind(
    mount: Extract<RunMount, { type: "bind" }>,
    { digests, treeOf }: Pick<RunContext, "digests" | "treeOf">,
  ): Promise<PlannedMount> {
    const at = posix.resolve(state.config.WorkingDir ?? "/", say(mount.target));
    const tree = await treeOf(mount.from === undefined ? undefined : say(mount.from));
    const { entry } = await tree.resolve(say(mount.source));
    if (entry === undefined || !["file", "folder"].includes(entry.kind))
      throw fault(place, `--mount=type=bind: ${mount.source} is not there`);
    const members: readonly LayerMember[] = await planCopy(
      { tree, sources: [{ entry, name: "x", kept: "x" }] },
      [],
      {
        target: "/x",
        workingFolder: "/",
        onto: undefined,
        keepOwners: true,
        exclude: [],
        parents: false,
        now: 0,
      },
    );
    return {
      input: ["bind", at, await digests.ofMembers(members)],
      make: async () => {
        const folder = await world.folderOf(members);
        return {
          mount: {
            type: "bind",
            source: `${folder}/x`,
            target: at,
            readOnly: !mount.writable,
            createSource: false,
          },
        };
      },
    };
  }

  function planSecret(mount: Extract<RunMount, { type: "secret" | "ssh" }>): PlannedMount {
    const written = mount.target === undefined ? undefined : say(mount.target);
    const id = mount.id === undefined ? posix.basename(written ?? "") : say(mount.id);
    if (id === "") throw fault(place, "--mount=type=secret needs an id or a target");
    const bytes = options.secrets.get(id);
    if (bytes === undefined && mount.required)
      throw fault(place, `there is no secret ${id}`, `give it: gantry build --secret id=${id},src=FILE`);
    const env = mount.env === undefined ? undefined : say(mount.env);
    const at = written ?? (env === undefined ? `/run/secrets/${id}` : undefined);
    const { mode, uid, gid } = mount;
    return {
      // What it holds is no input: a secret that changed builds nothing anew, and none can be guessed from a key.
      input: ["secret", id, at ?? null, env ?? null],
      make: async () => {
        if (bytes === undefined) return {};
        return {
          ...(at === undefined
            ? {}
            : { secret: { name: id, target: posix.resolve("/", at), bytes, mode, uid, gid } }),
          ...(env === undefined ? {} : { env: { [env]: Buffer.from(bytes).toString("utf8") } }),
        };
      },
    };
  }

  function planAgent(mount: Extract<RunMount, { type: "secret" | "ssh" }>): PlannedMount {
    const id = mount.id === undefined ? "default" : say(mount.id);
    const socket = options.agents.get(id);
    if (socket === undefined && mount.required)
      throw fault(place, `there is no SSH agent ${id}`, `give it: gantry build --ssh ${id}`);
    const at =
      mount.target === undefined ? "/run/buildkit/ssh_agent.0" : posix.resolve("/", say(mount.target));
    return {
      input: ["ssh", id, at],
      make: async () =>
        socket === undefined
          ? {}
          : {
              mount: { type: "bind", source: socket, target: at, readOnly: false, createSource: false },
              env: { SSH_AUTH_SOCK: at },
            },
    };
  }
}

interface PlannedMount {
  readonly input: unknown;
  make(): Promise<{
    /** Id of a cache mount that no other step may have meanwhile. */
    readonly locked?: string;
    readonly mount?: ContainerMount;
    readonly secret?: SecretFile;
    readonly env?: Readonly<Record<string, string>>;
  }>;
}
