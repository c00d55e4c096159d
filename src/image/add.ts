import { GantryError } from "../error.ts";
import { parseConfiguration } from "./configuration.ts";
import { discardLayer, factsOf, publishLayer } from "./layer.ts";
import type { LayerFacts, StagedLayer } from "./layer.ts";
import { digestOf, writeBlob } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { formatManifest } from "./manifest.ts";
import { loadImage, writeRecord } from "./records.ts";
import type { StoredImage } from "./records.ts";

/** An image to be: an OCI configuration and the layers it names. */
export interface NewImage {
  /** JSON of the OCI image configuration (config.md), kept to the byte: its digest becomes the image's id. */
  readonly configuration: string;
  /** Bottom first, as `rootfs.diff_ids` has them: staged ones, or diff ids of layers in the store. */
  readonly layers: readonly (StagedLayer | string)[];
  /** Its manifest to the byte, where it came with one. */
  readonly manifest?: string;
  /** Its layers lie over the host image's. */
  readonly base?: "host";
}

/**
 * Makes an image visible, in the order layers, blobs, record. `layers` are those in the store, and gains the new ones.
 * Throws image.invalid when the configuration is broken or names other layers, conflict when a layer is not in the
 * store (any more); staged layers stay what they were until they are published.
 */
export async function addImage(
  layout: Layout,
  layers: Map<string, LayerFacts>,
  { configuration, layers: given, manifest, base }: NewImage,
): Promise<StoredImage> {
  const { diffIds } = parseConfiguration(configuration);
  const found = given.map((layer) => (typeof layer === "string" ? layer : layer.diffId));
  if (diffIds.length !== found.length || diffIds.some((diffId, index) => diffId !== found[index])) {
    throw new GantryError(
      "image.invalid",
      `the image's configuration names other layers than it came with: ${diffIds.join(", ")} against ${found.join(", ")}`,
    );
  }
  for (const layer of given) if (typeof layer === "string" && !layers.has(layer)) throw gone(layer);
  for (const layer of given) if (typeof layer !== "string") await publish(layout, layers, layer);

  const id = await writeBlob(layout, configuration);
  const blobs = diffIds.flatMap((diffId) => layers.get(diffId)?.blob ?? []);
  const size = Buffer.byteLength(configuration);
  const record = {
    id,
    manifest: await writeBlob(
      layout,
      manifest ?? formatManifest({ digest: digestOf(configuration), size }, blobs),
    ),
    ...(base === undefined ? {} : { base }),
  };
  await writeRecord(layout, record);
  return await loadImage(layout, record, layers);
}

/** Gives a staged layer its name; one that is in the store already is dropped. Throws conflict when it is gone. */
export async function publish(
  layout: Layout,
  layers: Map<string, LayerFacts>,
  layer: StagedLayer,
): Promise<void> {
  if (layers.has(layer.diffId)) return await discardLayer(layer);
  if (!(await publishLayer(layout, layer))) throw gone(layer.diffId);
  layers.set(layer.diffId, factsOf(layer));
}

function gone(diffId: string): GantryError {
  return new GantryError("conflict", `the layer ${diffId} is not in the store any more`, {
    next: "try again",
  });
}
