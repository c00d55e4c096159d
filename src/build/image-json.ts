import type { HealthcheckJson } from "../image/configuration.ts";
import type { Platform } from "../image/platform.ts";

/** `config` of an image configuration as it is written (OCI image-spec config.md, with docker's additions). */
export interface ConfigJson {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly Healthcheck?: HealthcheckJson;
  readonly Shell?: readonly string[];
  readonly OnBuild?: readonly string[];
}

export interface HistoryJson {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/** A step of this build: when it was made is known at the end. */
export interface NewHistory {
  readonly createdBy: string;
  readonly emptyLayer: boolean;
}

export interface ImageParts {
  readonly platform: Platform;
  readonly author?: string;
  readonly config: ConfigJson;
  /** Bottom first. */
  readonly diffIds: readonly string[];
  /** What the base image brought. */
  readonly baseHistory: readonly HistoryJson[];
  readonly history: readonly NewHistory[];
}

/** The configuration of an image that was built; the same parts have the same text. */
export function imageJson(
  { platform, author, config, diffIds, baseHistory, history }: ImageParts,
  createdAt: number,
): string {
  const created = new Date(createdAt).toISOString();
  const { os, architecture, variant } = platform;
  return JSON.stringify({
    created,
    ...(author === undefined ? {} : { author }),
    architecture,
    ...(variant === undefined ? {} : { variant }),
    os,
    config: sorted(config),
    rootfs: { type: "layers", diff_ids: diffIds },
    history: [
      ...baseHistory,
      ...history.map(({ createdBy, emptyLayer }) => ({
        created,
        created_by: createdBy,
        ...(emptyLayer && { empty_layer: true }),
      })),
    ],
  });
}

/** Keys in one order, however they came about. */
function sorted<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) as T;
}

/** What a base image's configuration says, which the store has checked. */
export function readBase(text: string): {
  readonly config: ConfigJson;
  readonly history: readonly HistoryJson[];
  readonly author?: string;
} {
  const { config, history, author } = JSON.parse(text) as {
    readonly config?: ConfigJson | null;
    readonly history?: readonly HistoryJson[] | null;
    readonly author?: string;
  };
  return { config: present(config ?? {}), history: history ?? [], ...(author ? { author } : {}) };
}

/** Docker writes null and the empty string for what is not set. */
export function present(config: object): ConfigJson {
  const entries = Object.entries(config).filter(([, value]) => value !== null && value !== "");
  return Object.fromEntries(entries);
}
