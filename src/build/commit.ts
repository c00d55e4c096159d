import { JsonShape } from "../image/json-shape.ts";
import { applyChange } from "./change.ts";
import { type ConfigJson, present } from "./image-json.ts";

/** Members of an image's `config`; null takes one away. */
export type ConfigChange = { readonly [Key in keyof ConfigJson]: ConfigJson[Key] | null };

/** A layer on top of an image, and what is to be said about it. */
export interface Committed {
  /** `sha256:…` of the uncompressed layer. */
  readonly diffId: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** What made the layer: a command line. */
  readonly createdBy: string;
  readonly author?: string;
  readonly comment?: string;
  /** Members of the image's `config` that are another than the parent's. */
  readonly config: ConfigChange;
  /** Further instructions in a Dockerfile's words. */
  readonly changes: readonly string[];
}

function madeLayer(step: unknown): boolean {
  return (step as { readonly empty_layer?: unknown } | null)?.empty_layer !== true;
}

const SHAPE = new JsonShape("the image's configuration");

/**
 * The configuration of an image that is another one's plus a layer. What gantry does not know of the parent's stays.
 * Throws image.invalid for a broken parent, request.invalid for a change that cannot be made.
 */
export function committedConfiguration(parent: string, commit: Committed): string {
  const top = SHAPE.parse(parent);
  const rootfs = SHAPE.object(top["rootfs"], "rootfs");
  const created = new Date(commit.createdAt).toISOString();
  const said = {
    ...(commit.author === undefined ? {} : { author: commit.author }),
    ...(commit.comment === undefined ? {} : { comment: commit.comment }),
  };
  const parentConfig = SHAPE.optionalObject(top["config"], "config");
  const config = commit.changes.reduce(applyChange, present({ ...parentConfig, ...commit.config }));
  const diffIds = [...SHAPE.list(rootfs["diff_ids"] ?? [], "rootfs.diff_ids"), commit.diffId];
  const told = SHAPE.list(top["history"] ?? [], "history");
  // Steps and layers are matched by counting: every layer below needs one before this one has its own.
  const untold = diffIds.length - 1 - told.filter(madeLayer).length;
  const history = [
    ...told,
    ...Array.from({ length: Math.max(0, untold) }, () => ({ created_by: "" })),
    { created, created_by: commit.createdBy, ...said },
  ];
  const { comment: _comment, ...rest } = top;
  return JSON.stringify({
    ...rest,
    created,
    ...said,
    config,
    rootfs: { type: "layers", diff_ids: diffIds },
    history,
  });
}
