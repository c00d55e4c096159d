import type { Platform } from "../image/platform.ts";
import { machinePlatform, parsePlatform } from "../image/platform.ts";
import { didYouMean } from "../spec/suggest.ts";
import { fault, type Instruction, type Place } from "./dockerfile/instruction.ts";
import { readMount } from "./dockerfile/mount.ts";
import type { Dockerfile, Stage } from "./dockerfile/parse.ts";
import { type BuildArguments, expand, globalArguments, platformArguments } from "./variables.ts";

/** Where files come from. */
export type Source =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly index: number }
  | { readonly kind: "image"; readonly reference: string; readonly platform?: Platform }
  /** A further context by its name. */
  | { readonly kind: "context"; readonly name: string };

/** A stage that is built, and what has to be there for it. */
export interface PlannedStage {
  readonly stage: Stage;
  /** What its base is called, for people. */
  readonly baseName: string;
  readonly base: Source;
  readonly platform: Platform;
  /** Stages it needs, its base among them. */
  readonly needs: readonly number[];
}

export interface StagePlan {
  /** In the file's order; stages that nothing needs are not among them. */
  readonly stages: readonly PlannedStage[];
  /** The stage that becomes the image. */
  readonly target: number;
  readonly globals: ReadonlyMap<string, string>;
}

export interface PlanOptions {
  /** A stage by name or number; the last when absent. */
  readonly target?: string;
  readonly given: BuildArguments;
  readonly platform?: Platform;
  /** Names of further contexts, which go before stages and images of the same name. */
  readonly contexts: ReadonlySet<string>;
}

/** Works out which stages a target needs. Pure. Throws spec.invalid, request.invalid for a platform that is none. */
export function planStages(dockerfile: Dockerfile, options: PlanOptions): StagePlan {
  const { stages, escape } = dockerfile;
  const machine = machinePlatform();
  const wanted = options.platform ?? machine;
  const target = targetStage(dockerfile, options.target);
  const automatic = platformArguments(wanted, machine, target.name ?? String(target.index));
  const globals = globalArguments(dockerfile.globals, escape, options.given, automatic);
  const lookup = (name: string): string | undefined => globals.get(name);

  const all = stages.map((stage): PlannedStage => {
    const baseName = expand(stage.base, stage.place, lookup, escape);
    if (baseName === "")
      throw fault(stage.place, `FROM ${stage.base} is empty: no ARG before the first FROM gives it a value`);
    const written = stage.platform === undefined ? "" : expand(stage.platform, stage.place, lookup, escape);
    const platform = written === "" ? wanted : parsePlatform(written);
    const base = sourceOf(baseName, stage.index, stages, options.contexts, platform);
    const others = stage.instructions.flatMap((instruction) =>
      sourcesIn(instruction, stage.index, stages, options.contexts),
    );
    const needs = [base, ...others].flatMap((source) => (source.kind === "stage" ? [source.index] : []));
    return { stage, baseName, base, platform, needs: [...new Set(needs)] };
  });

  const needed = new Set<number>();
  const need = (index: number): void => {
    if (needed.has(index)) return;
    needed.add(index);
    for (const other of all[index]?.needs ?? []) need(other);
  };
  need(target.index);
  return { stages: all.filter(({ stage }) => needed.has(stage.index)), target: target.index, globals };
}

function targetStage({ stages, file }: Dockerfile, wanted: string | undefined): Stage {
  const last = stages.at(-1);
  const found =
    wanted === undefined || wanted === ""
      ? last
      : (stages.find(({ name }) => name === wanted.toLowerCase()) ??
        (/^\d+$/.test(wanted) ? stages[Number(wanted)] : undefined));
  if (found !== undefined) return found;
  const names = stages.flatMap(({ name }) => name ?? []);
  throw fault(
    { file, line: last?.place.line ?? 1 },
    `there is no stage ${wanted}${didYouMean(wanted ?? "", names)}`,
  );
}

/** What `FROM name`, `COPY --from=name` and `from=name` mean in the stage with this number. */
export function sourceOf(
  name: string,
  stage: number,
  stages: readonly Stage[],
  contexts: ReadonlySet<string>,
  platform?: Platform,
): Source {
  if (contexts.has(name)) return { kind: "context", name };
  const earlier = stages.slice(0, stage).findLast((one) => one.name === name.toLowerCase());
  if (earlier !== undefined) return { kind: "stage", index: earlier.index };
  if (name === "scratch") return { kind: "scratch" };
  return { kind: "image", reference: name, ...(platform === undefined ? {} : { platform }) };
}

/** The same, where a stage can be meant by its number too. Throws spec.invalid for a stage that comes later. */
export function copySource(
  name: string,
  place: Place,
  stage: number,
  stages: readonly Stage[],
  contexts: ReadonlySet<string>,
): Source {
  if (contexts.has(name)) return { kind: "context", name };
  if (/^\d+$/.test(name)) {
    const index = Number(name);
    if (index < stage) return { kind: "stage", index };
    throw fault(place, `there is no stage ${name} before this one`);
  }
  const itself = stages.slice(stage).find((one) => one.name === name.toLowerCase());
  const source = sourceOf(name, stage, stages, contexts);
  if (source.kind === "image" && itself !== undefined)
    throw fault(place, `the stage ${name} is not built yet here: it begins in line ${itself.place.line}`);
  return source;
}

/** Everything else than its base that an instruction takes files from; what is named by variables shows when it runs. */
function sourcesIn(
  instruction: Instruction,
  stage: number,
  stages: readonly Stage[],
  contexts: ReadonlySet<string>,
): readonly Source[] {
  const { keyword, flags, place } = instruction.held ?? instruction;
  return flags.flatMap(({ name, value }) => {
    const mount = keyword === "RUN" && name === "mount" ? readMount(value, place) : undefined;
    const from =
      keyword === "COPY" && name === "from"
        ? value
        : mount !== undefined && "from" in mount
          ? mount.from
          : undefined;
    if (from === undefined || from.includes("$") || instruction.held !== undefined) return [];
    return [copySource(from, place, stage, stages, contexts)];
  });
}
