import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { BlobWriter } from "./blob.ts";
import type { Descriptor, LayerFacts } from "./layer.ts";
import { hexOf, type Layout } from "./layout.ts";
import { formatManifest, parseManifest } from "./manifest.ts";
import { layerMediaType, MEDIA_TYPE } from "./media-type.ts";

/** A layer's archive that is ready to go: until `release` it stays where it is. */
export interface PackedArchive {
  readonly descriptor: Descriptor;
  readonly file: string;
  release(): Promise<void>;
}

export interface PackedLayer {
  readonly diffId: string;
  /** The archive as it came; one that came uncompressed is packed now. */
  pack(signal?: AbortSignal): Promise<PackedArchive>;
}

/** An image as it goes to others. */
export interface ShippableImage {
  readonly configuration: Pick<Descriptor, "digest" | "size"> & { readonly file: string };
  /** Bottom first. */
  readonly layers: readonly PackedLayer[];
  /** Its manifest: the very one it came with where that names these archives, else one of our own. */
  manifestFor(layers: readonly Descriptor[]): { readonly text: string; readonly mediaType: string };
}

/** For a network that is slower than the processor more is worth little: gzip's own default is 6. */
const LEVEL = 5;
const CHUNK = 256 * 1024;

/** What of an image goes to others. One that a registry has goes as it is there; what was made here is packed. */
export function shippable(
  layout: Layout,
  image: {
    readonly id: string;
    readonly configuration: string;
    readonly manifest: string;
    readonly asItIs: boolean;
  },
  layers: readonly (readonly [diffId: string, facts: LayerFacts])[],
): ShippableImage {
  const configuration = {
    digest: image.id,
    size: Buffer.byteLength(image.configuration),
    file: join(layout.blobs, hexOf(image.id)),
  };
  return {
    configuration,
    layers: layers.map(([diffId, { blob }]) => ({
      diffId,
      pack: async (signal) => await pack(layout, blob, image.asItIs, signal),
    })),
    manifestFor: (descriptors) => {
      const own = parseManifest(image.manifest);
      const same =
        own.kind === "image" &&
        own.layers.length === descriptors.length &&
        own.layers.every(({ digest }, index) => digest === descriptors[index]?.digest);
      if (!same) return { text: formatManifest(configuration, descriptors), mediaType: MEDIA_TYPE.manifest };
      const { mediaType } = JSON.parse(image.manifest) as { readonly mediaType?: string };
      return { text: image.manifest, mediaType: mediaType ?? MEDIA_TYPE.manifest };
    },
  };
}

async function pack(
  layout: Layout,
  blob: Descriptor,
  asItIs: boolean,
  signal: AbortSignal | undefined,
): Promise<PackedArchive> {
  const file = join(layout.blobs, hexOf(blob.digest));
  if (asItIs || blob.mediaType !== MEDIA_TYPE.layer)
    return { descriptor: blob, file, release: async () => undefined };
  const writer = await BlobWriter.open(layout);
  try {
    // The same bytes each time, so that a registry that has them is not sent them again: no name, no time.
    await pipeline(
      createReadStream(file, { highWaterMark: CHUNK }),
      createGzip({ level: LEVEL, chunkSize: CHUNK }),
      async (packed: AsyncIterable<Uint8Array>) => {
        for await (const chunk of packed) await writer.write(chunk);
      },
      signal === undefined ? {} : { signal },
    );
    const { digest, size, file: made } = await writer.finish();
    return {
      descriptor: { mediaType: layerMediaType("gzip"), digest, size },
      file: made,
      release: async () => await rm(made, { force: true }),
    };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
