import { JsonShape } from "./json-shape.ts";

/** One step of how an image was made: `history` of the OCI image configuration (config.md). */
export interface HistoryEntry {
  /** ms since the epoch; 0 when it does not say. */
  readonly createdAt: number;
  readonly createdBy: string;
  readonly author: string;
  readonly comment: string;
  /** `sha256:...` of the layer it made; undefined for a step that made none. */
  readonly diffId?: string;
}

const SHAPE = new JsonShape("the image's configuration");

/**
 * How an image was made, the first step first. Layers that the history does not speak of are steps without words, so
 * that every layer has one. Throws image.invalid.
 */
export function parseHistory(configuration: string, diffIds: readonly string[]): readonly HistoryEntry[] {
  const entries = SHAPE.list(SHAPE.parse(configuration)["history"] ?? [], "history");
  const layers = [...diffIds];
  const told = entries.map((value, index): HistoryEntry => {
    const entry = SHAPE.object(value, `history[${index}]`);
    const text = (name: string): string => SHAPE.optionalText(entry[name], `history[${index}].${name}`) ?? "";
    const created = Date.parse(text("created"));
    const diffId = entry["empty_layer"] === true ? undefined : layers.shift();
    return {
      createdAt: Number.isNaN(created) ? 0 : created,
      createdBy: text("created_by"),
      author: text("author"),
      comment: text("comment"),
      ...(diffId === undefined ? {} : { diffId }),
    };
  });
  const untold = layers.map((diffId) => ({ createdAt: 0, createdBy: "", author: "", comment: "", diffId }));
  return [...told, ...untold];
}
