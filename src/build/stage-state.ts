import type { Platform } from "../image/platform.ts";
import type { ConfigJson, HistoryJson, NewHistory } from "./image-json.ts";

/** How far a stage has come. */
export interface StageState {
  readonly platform: Platform;
  readonly config: ConfigJson;
  readonly author?: string;
  /** Layers in the store, bottom first. */
  readonly diffIds: readonly string[];
  /** They lie over the host image's. */
  readonly overHost: boolean;
  readonly baseHistory: readonly HistoryJson[];
  readonly history: readonly NewHistory[];
  /** ARG that were declared in the stage, with their values. */
  readonly declared: ReadonlyMap<string, string | undefined>;
  /** CMD was given since FROM: an entry point leaves it. */
  readonly ownCommand: boolean;
}

/** The variables of a stage: what ENV has set goes before what ARG has. */
export function lookupIn(
  state: Pick<StageState, "config" | "declared">,
): (name: string) => string | undefined {
  const environment = environmentMap(state.config);
  return (name) => environment.get(name) ?? state.declared.get(name);
}

export function environmentMap({ Env = [] }: ConfigJson): ReadonlyMap<string, string> {
  return new Map(
    Env.map((entry) => {
      const equals = entry.indexOf("=");
      return equals < 0
        ? ([entry, ""] as const)
        : ([entry.slice(0, equals), entry.slice(equals + 1)] as const);
    }),
  );
}

/** With a step's history, and its layer where it made one. */
export function withStep(state: StageState, createdBy: string, diffId: string | undefined): StageState {
  return {
    ...state,
    ...(diffId === undefined ? {} : { diffIds: [...state.diffIds, diffId] }),
    history: [...state.history, { createdBy, emptyLayer: diffId === undefined }],
  };
}
