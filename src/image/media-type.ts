import type { Compression } from "./compression.ts";

/** Media types of the OCI image specification (media-types.md), and docker's of image manifest version 2, schema 2. */
export const MEDIA_TYPE = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
} as const;

/** The media type of a layer packed in this way. */
export function layerMediaType(compression: Compression): string {
  return compression === "none" ? MEDIA_TYPE.layer : `${MEDIA_TYPE.layer}+${compression}`;
}
