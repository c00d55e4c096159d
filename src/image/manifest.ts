import type { Descriptor } from "./layer.ts";
import { MEDIA_TYPE } from "./media-type.ts";

/** An OCI image manifest (manifest.md); layers bottom first. */
export function formatManifest(
  config: Pick<Descriptor, "digest" | "size">,
  layers: readonly Descriptor[],
): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: { mediaType: MEDIA_TYPE.config, digest: config.digest, size: config.size },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  });
}
