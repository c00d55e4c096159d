import { GantryError } from "../error.ts";
import { machinePlatform } from "../image/platform.ts";
import { DEFAULT_PATH } from "../image/image.ts";
import { copyMembers } from "./copy-step.ts";
import { type ContentDigests, digestOfValue } from "./digest.ts";
import type { Escape } from "./dockerfile/directives.ts";
import { fault, type Instruction } from "./dockerfile/instruction.ts";
import { logicalLines } from "./dockerfile/lines.ts";
import { type Dockerfile, parseInstruction } from "./dockerfile/parse.ts";
import type { BuildEvent } from "./events.ts";
import { FileTree } from "./file-tree.ts";
import { readBase } from "./image-json.ts";
import { layerArchive } from "./layer-archive.ts";
import { afterMetadata, isMetadata, workingFolder } from "./metadata.ts";
import type { BuildOptions } from "./options.ts";
import { planRun } from "./run-step.ts";
import { lookupIn, type StageState, withStep } from "./stage-state.ts";
import { copySource, type PlannedStage, type Source } from "./stages.ts";
import { readOwner } from "./users.ts";
import { declaredArguments, expand, expandDocument } from "./variables.ts";
import type { BuildWorld } from "./world.ts";

/** Of a command that failed, so many of its last lines are told with the error. */
const LAST_LINES = 10;

/** A command of a RUN ended with another status than 0. */
export class StepFailed extends GantryError {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super("build.failed", message);
    this.exitCode = exitCode;
  }
}

export interface StageOrgans {
  readonly dockerfile: Dockerfile;
  readonly options: BuildOptions;
  readonly world: BuildWorld;
  readonly digests: ContentDigests;
  readonly globals: ReadonlyMap<string, string>;
  /** What another stage came to. */
  readonly stateOf: (stage: number) => Promise<StageState>;
  readonly tell: (event: BuildEvent) => void;
  /** ms since the epoch, of everything that is made; undefined: the time it is made at. */
  readonly epoch: number | undefined;
  readonly signal: AbortSignal;
  /** Numbers of the stage's steps begin after this. */
  readonly firstStep: number;
  readonly totalSteps: number;
  /** Told in events, where several stages are built. */
  readonly label?: string;
  /** Build arguments that some ARG has asked for. */
  readonly used: Set<string>;
  /** Runs so many commands at once and no more. */
  readonly turn: <T>(task: () => Promise<T>) => Promise<T>;
}

/** Builds one stage, instruction by instruction. */
export class StageBuild {
  readonly #planned: PlannedStage;
  readonly #organs: StageOrgans;
  #number: number;

  constructor(planned: PlannedStage, organs: StageOrgans) {
    this.#planned = planned;
    this.#organs = organs;
    this.#number = organs.firstStep;
  }

  async build(): Promise<StageState> {
    const { stage, baseName } = this.#planned;
    this.#say(`FROM ${baseName}${stage.name === undefined ? "" : ` AS ${stage.name}`}`);
    const { state: base, triggers } = await this.#base();
    let state = base;
    for (const trigger of triggers) state = await this.#step(trigger, state);
    for (const instruction of stage.instructions) {
      this.#say(`${instruction.keyword} ${written(instruction)}`);
      state = await this.#step(instruction, state);
    }
    return state;
  }

  async #base(): Promise<{ readonly state: StageState; readonly triggers: readonly Instruction[] }> {
    const { base, platform, baseName } = this.#planned;
    const { world, dockerfile } = this.#organs;
    const empty: StageState = {
      platform,
      config: { Env: [`PATH=${DEFAULT_PATH}`] },
      diffIds: [],
      overHost: false,
      baseHistory: [],
      history: [],
      declared: new Map(),
      ownCommand: false,
    };
    const state = await this.#baseState(base, empty);
    const { OnBuild = [], ...config } = state.config;
    world.session.hold(state.diffIds);
    return {
      state: { ...state, config, declared: new Map(), ownCommand: false },
      triggers: OnBuild.flatMap((text) => triggersOf(text, `ONBUILD of ${baseName}`, dockerfile.escape)),
    };
  }

  async #baseState(base: Source, empty: StageState): Promise<StageState> {
    const { world, options } = this.#organs;
    const { stage, platform } = this.#planned;
    if (base.kind === "scratch") return empty;
    if (base.kind === "stage") return await this.#organs.stateOf(base.index);
    const context = base.kind === "context" ? options.contexts.get(base.name) : { image: base.reference };
    if (context === undefined || !("image" in context))
      throw fault(
        stage.place,
        `the context ${this.#planned.baseName} is a folder: a stage cannot begin with it`,
        "copy from it with --from",
      );
    const image = await world.image(context.image, platform).catch((error: unknown) => {
      if (error instanceof GantryError)
        throw new GantryError(error.code, `${stage.place.file}:${stage.place.line}: ${error.message}`, {
          ...(error.next === undefined ? {} : { next: error.next }),
          cause: error,
        });
      throw error;
    });
    const text = await world.configuration(image);
    if (text === undefined)
      return {
        ...empty,
        overHost: true,
        platform: machinePlatform(),
        config: { ...empty.config, Cmd: ["/bin/sh"] },
      };
    const { config, history, author } = readBase(text);
    const hasPath = (config.Env ?? []).some((entry) => entry.startsWith("PATH="));
    return {
      ...empty,
      platform: image.platform,
      config: hasPath ? config : { ...config, Env: [...(config.Env ?? []), `PATH=${DEFAULT_PATH}`] },
      ...(author === undefined ? {} : { author }),
      diffIds: world.diffIds(image),
      overHost: image.hostMounts.length > 0,
      baseHistory: history,
    };
  }

  async #step(instruction: Instruction, state: StageState): Promise<StageState> {
    this.#organs.signal.throwIfAborted();
    const { dockerfile } = this.#organs;
    if (isMetadata(instruction.keyword))
      return withStep(
        afterMetadata(instruction, state, dockerfile.escape),
        this.#history(instruction, state),
        undefined,
      );
    switch (instruction.keyword) {
      case "ARG":
        return withStep(this.#declare(instruction, state), this.#history(instruction, state), undefined);
      case "WORKDIR":
        return await this.#workdir(instruction, state);
      case "RUN":
        return await this.#run(instruction, state);
      default:
        return await this.#copy(instruction, state);
    }
  }

  #declare(instruction: Instruction, state: StageState): StageState {
    const { dockerfile, options, globals, used } = this.#organs;
    const declared = new Map(state.declared);
    for (const { name, value } of declaredArguments(instruction, dockerfile.escape, {
      given: options.given,
      globals,
      lookup: lookupIn(state),
    })) {
      used.add(name);
      declared.set(name, value);
    }
    return { ...state, declared };
  }

  /** The folder is made where the image has none, as the user's. */
  async #workdir(instruction: Instruction, state: StageState): Promise<StageState> {
    const { world } = this.#organs;
    const folder = workingFolder(state.config, this.#expander(instruction, state)(instruction.rest));
    const next = { ...state, config: { ...state.config, WorkingDir: folder } };
    const createdBy = `WORKDIR ${folder}`;
    const tree = world.tree(state.diffIds, state.overHost);
    const { path, entry } = await tree.resolve(folder.slice(1));
    if (entry?.kind === "folder") return withStep(next, createdBy, undefined);
    if (entry !== undefined) throw fault(instruction.place, `${folder} is not a folder`);
    const { User: user } = state.config;
    const owner = user === undefined ? { uid: 0, gid: 0 } : await readOwner(user, tree, instruction.place);
    return await this.#made(["workdir", path, owner], next, createdBy, async () => {
      const members = [];
      const parts = path.split("/");
      for (let count = 1; count <= parts.length; count++) {
        const one = parts.slice(0, count).join("/");
        const there = await tree.stat(one);
        const kept = there === undefined ? { mode: 0o755, ...owner, modifiedAt: this.#now() } : there;
        const { mode, uid, gid, modifiedAt } = kept;
        members.push({ path: one, kind: "folder" as const, mode, uid, gid, modifiedAt, size: 0 });
      }
      return await world.stage(layerArchive(members));
    });
  }

  async #copy(instruction: Instruction, state: StageState): Promise<StageState> {
    const { world, dockerfile, digests, signal, epoch } = this.#organs;
    const { flags, keyword, place } = instruction;
    const from = flags.find(({ name }) => name === "from")?.value;
    const say = this.#expander(instruction, state);
    const source = from === undefined ? undefined : say(from);
    const { tree, name, keepOwners } = await this.#sourceTree(source, instruction);
    const onto = world.tree(state.diffIds, state.overHost);
    const members = await copyMembers({
      instruction,
      say,
      sayDocument: (text) => expandDocument(text, place, lookupIn(state), dockerfile.escape),
      from: { tree, name },
      onto,
      workingFolder: state.config.WorkingDir ?? "/",
      keepOwners,
      now: this.#now(),
      world,
      signal,
    });
    if (state.overHost) {
      const hidden = members.find(
        ({ path, kind }) =>
          kind !== "folder" && world.hostFolders().some((folder) => path.startsWith(`${folder}/`)),
      );
      if (hidden !== undefined)
        throw fault(
          place,
          `/${hidden.path} is the host's own in an image built on it`,
          "copy to /opt, /srv or /app",
        );
    }
    const createdBy = `${keyword} ${written({ ...instruction, rest: instruction.json === undefined ? say2(instruction.rest, say) : instruction.rest })}`;
    const linked = flags.some((flag) => flag.name === "link" && flag.value === "true");
    const inputs = ["copy", await digests.ofMembers(members)];
    if (members.length === 0) return withStep(state, createdBy, undefined);
    return await this.#made(
      linked ? ["link", ...inputs] : inputs,
      state,
      createdBy,
      async () => await world.stage(layerArchive(epoch === undefined ? members : clamped(members, epoch))),
      linked,
    );
  }

  async #run(instruction: Instruction, state: StageState): Promise<StageState> {
    const { world, options, digests, signal, turn } = this.#organs;
    const planned = await planRun({
      instruction,
      state,
      options,
      world,
      digests,
      say: this.#expander(instruction, state),
      treeOf: async (from) => (await this.#sourceTree(from, instruction)).tree,
    });
    return await this.#made(["run", planned.inputs], state, planned.createdBy, async () => {
      const last: string[] = [];
      const request = await planned.prepare();
      const { exitCode, layer } = await turn(
        async () =>
          await world.run({
            ...request,
            signal,
            output: (text) => {
              last.push(...text.split("\n").filter((line) => line.trim() !== ""));
              last.splice(0, last.length - LAST_LINES);
              this.#tell({ kind: "output", text });
            },
          }),
      );
      if (exitCode === 0) return layer;
      const { file, line } = instruction.place;
      const shown =
        last.length === 0
          ? "it printed nothing"
          : `its last output was:\n${last.map((one) => `  ${one}`).join("\n")}`;
      throw new StepFailed(
        `${file}:${line}: the command '${planned.command.join(" ")}' returned a non-zero code: ${exitCode}; ${shown}`,
        exitCode,
      );
    });
  }

  /** A step's layer: the one that was made of the same before, or a new one. */
  async #made(
    inputs: unknown,
    state: StageState,
    createdBy: string,
    make: () => Promise<Awaited<ReturnType<BuildWorld["stage"]>> | undefined>,
    independent = false,
  ): Promise<StageState> {
    const { world, options, epoch } = this.#organs;
    const below = independent ? [] : [state.diffIds, state.overHost];
    const key = digestOfValue([below, inputs, epoch ?? null]);
    const known = options.useCache ? world.session.find(key) : undefined;
    if (known !== undefined) this.#tell({ kind: "cached" });
    const entry = known ?? (await world.session.keep(key, await make()));
    if (known === undefined && entry.diffId !== undefined)
      this.#tell({ kind: "layer", diffId: entry.diffId });
    return withStep(state, createdBy, entry.diffId);
  }

  async #sourceTree(
    from: string | undefined,
    instruction: Instruction,
  ): Promise<{ readonly tree: FileTree; readonly name: string; readonly keepOwners: boolean }> {
    const { options, world, dockerfile, stateOf } = this.#organs;
    if (from === undefined) return { tree: options.context, name: "the build context", keepOwners: false };
    const contexts = new Set(options.contexts.keys());
    const source = copySource(
      from,
      instruction.place,
      this.#planned.stage.index,
      dockerfile.stages,
      contexts,
    );
    if (source.kind === "scratch") throw fault(instruction.place, "there is nothing in scratch to copy");
    if (source.kind === "stage") {
      const { diffIds, overHost } = await stateOf(source.index);
      return { tree: world.tree(diffIds, overHost), name: `stage ${from}`, keepOwners: true };
    }
    const context =
      source.kind === "context" ? options.contexts.get(source.name) : { image: source.reference };
    if (context instanceof FileTree) return { tree: context, name: `the context ${from}`, keepOwners: false };
    const image = await world.image(context?.image ?? from, this.#planned.platform);
    const diffIds = world.diffIds(image);
    world.session.hold(diffIds);
    return {
      tree: world.tree(diffIds, image.hostMounts.length > 0),
      name: `image ${from}`,
      keepOwners: true,
    };
  }

  #expander(instruction: Instruction, state: StageState): (word: string) => string {
    const lookup = lookupIn(state);
    return (word) => expand(word, instruction.place, lookup, this.#organs.dockerfile.escape);
  }

  #history(instruction: Instruction, state: StageState): string {
    const says = ["CMD", "ENTRYPOINT", "HEALTHCHECK", "ONBUILD", "SHELL", "MAINTAINER", "ARG"];
    if (says.includes(instruction.keyword)) return `${instruction.keyword} ${written(instruction)}`;
    return `${instruction.keyword} ${say2(instruction.rest, this.#expander(instruction, state))}`;
  }

  #now(): number {
    return this.#organs.epoch ?? Date.now();
  }

  #say(text: string): void {
    this.#number += 1;
    this.#tell({ kind: "step", text, total: this.#organs.totalSteps });
  }

  #tell(event: Untold): void {
    const { label, tell } = this.#organs;
    tell({ ...event, number: this.#number, ...(label === undefined ? {} : { stage: label }) });
  }
}

/** An event of a step, without what every one of them says. */
type Untold = {
  [K in BuildEvent["kind"]]: Omit<Extract<BuildEvent, { kind: K; number: number }>, "number" | "stage">;
}["step" | "cached" | "output" | "layer"];

/** Word by word; what cannot be replaced is told as it stands. */
function say2(text: string, say: (word: string) => string): string {
  try {
    return say(text);
  } catch {
    return text;
  }
}

function written({ flags, rest }: Pick<Instruction, "flags" | "rest">): string {
  return [...flags.map(({ name, value }) => `--${name}=${value}`), rest].join(" ").trim();
}

/** What an image's ONBUILD holds back for those that are built on it. */
function triggersOf(text: string, file: string, escape: Escape): readonly Instruction[] {
  return logicalLines(text.split("\n"), escape, file).map((line) =>
    parseInstruction(line.text, line.place, line.heredocs, escape),
  );
}

/** Reproducible builds: nothing is newer than the given time. */
function clamped<T extends { readonly modifiedAt: number }>(
  members: readonly T[],
  epoch: number,
): readonly T[] {
  return members.map((member) => ({ ...member, modifiedAt: Math.min(member.modifiedAt, epoch) }));
}
