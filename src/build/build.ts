import { availableParallelism } from "node:os";
import PQueue from "p-queue";
import type { Image } from "../image/image.ts";
import { GantryError } from "../error.ts";
import { ContentDigests, digestOfValue } from "./digest.ts";
import { parseDockerfile } from "./dockerfile/parse.ts";
import type { BuildEvent } from "./events.ts";
import { imageJson } from "./image-json.ts";
import type { BuildOptions } from "./options.ts";
import { StageBuild } from "./stage.ts";
import type { StageState } from "./stage-state.ts";
import { planStages } from "./stages.ts";
import { own, PROXY_ARGUMENTS } from "./variables.ts";
import type { BuildWorld } from "./world.ts";

/**
 * Builds an image of a Dockerfile. Stages that do not need one another are built side by side, each step that was done before
 * with the same inputs is taken from the cache. Throws spec.invalid for what is wrong in the Dockerfile, build.failed (a
 * StepFailed) for a command that failed, and what pulling and the store throw.
 */
export async function buildImage(
  options: BuildOptions,
  world: BuildWorld,
  tell: (event: BuildEvent) => void,
): Promise<Image> {
  const dockerfile = parseDockerfile(options.dockerfile.text, options.dockerfile.name);
  const { stages, target, globals } = planStages(dockerfile, {
    given: options.given,
    contexts: new Set(options.contexts.keys()),
    ...(options.target === undefined ? {} : { target: options.target }),
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const epoch = epochOf(own(options.given, "SOURCE_DATE_EPOCH"));
  const queue = new PQueue({ concurrency: Math.max(2, availableParallelism()) });
  const used = new Set<string>();
  for (const instruction of dockerfile.globals)
    for (const word of instruction.rest.split(/\s+/)) used.add(word.replace(/=.*/s, ""));
  const states = new Map<number, Promise<StageState>>();
  const digests = new ContentDigests();
  const totalSteps = stages.reduce((sum, { stage }) => sum + 1 + stage.instructions.length, 0);
  let firstStep = 0;
  for (const planned of stages) {
    const { stage } = planned;
    const build = new StageBuild(planned, {
      dockerfile,
      options,
      world,
      digests,
      globals,
      stateOf: async (index) => {
        const state = states.get(index);
        if (state === undefined) throw new GantryError("internal", `stage ${index} was not planned`);
        return await state;
      },
      tell,
      epoch,
      signal,
      firstStep,
      totalSteps,
      ...(stages.length > 1 && { label: stage.name ?? String(stage.index) }),
      used,
      turn: async (task) => await queue.add(task),
    });
    firstStep += 1 + stage.instructions.length;
    const state = build.build();
    state.catch((error: unknown) => failed.abort(error));
    states.set(stage.index, state);
  }
  await Promise.allSettled(states.values());
  options.signal.throwIfAborted();
  failed.signal.throwIfAborted();
  const state = await states.get(target);
  if (state === undefined) throw new GantryError("internal", "the target was not built");
  const unused = Object.keys(options.given).filter((name) => !used.has(name) && !isAlwaysKnown(name));
  if (unused.length > 0)
    tell({ kind: "warning", message: `build arguments that no ARG asks for: ${unused.join(", ")}` });
  const image = await finish(state, options, world, epoch);
  tell({ kind: "built", id: image.id, names: options.names });
  return image;
}

async function finish(
  state: StageState,
  { labels, names, useCache }: BuildOptions,
  world: BuildWorld,
  epoch: number | undefined,
): Promise<Image> {
  const { config, platform, author, diffIds, baseHistory, history, overHost } = state;
  const given = Object.keys(labels).length === 0 ? {} : { Labels: { ...config.Labels, ...labels } };
  const parts = {
    platform,
    ...(author === undefined ? {} : { author }),
    config: { ...config, ...given },
    diffIds,
    baseHistory,
    history,
  };
  // The same steps make the same image: it was made when it was first made.
  const key = digestOfValue(["image", imageJson(parts, 0), overHost]);
  const known = useCache ? world.session.find(key) : undefined;
  const createdAt = epoch ?? (known ?? (await world.session.keep(key, undefined))).createdAt;
  return await world.add({ configuration: imageJson(parts, createdAt), diffIds, overHost, names });
}

/** SOURCE_DATE_EPOCH: seconds since the epoch (reproducible-builds.org/specs/source-date-epoch). */
function epochOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,11}$/.test(text))
    throw new GantryError("request.invalid", `SOURCE_DATE_EPOCH is a number of seconds, not ${text}`);
  return Number(text) * 1000;
}

function isAlwaysKnown(name: string): boolean {
  return name === "SOURCE_DATE_EPOCH" || name.startsWith("BUILDKIT_") || PROXY_ARGUMENTS.includes(name);
}
