import { GantryError } from "../error.ts";
import type { JsonObject } from "./json-shape.ts";
import { JsonShape } from "./json-shape.ts";
import type { Descriptor } from "./layer.ts";
import { MEDIA_TYPE } from "./media-type.ts";
import type { Platform } from "./platform.ts";

/** What a registry has under a name: an image, or one image for each of several platforms. */
export type Manifest =
  | { readonly kind: "image"; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  | { readonly kind: "index"; readonly manifests: readonly IndexEntry[] };

export interface IndexEntry extends Descriptor {
  /** Undefined where the index does not say. */
  readonly platform?: Platform;
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** Overlayfs takes no more (ovl_fill_super); docker stops at 127. */
const MOST_LAYERS = 500;
const CONFIGS = new Set([MEDIA_TYPE.config, "application/vnd.docker.container.image.v1+json"]);
const SHAPE = new JsonShape("the image's manifest");

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

/**
 * Reads a manifest or index of OCI's or docker's (schema 2) that anybody may have written. `mediaType` is what it was
 * sent as, where anybody said. Throws image.invalid.
 */
export function parseManifest(text: string, mediaType?: string): Manifest {
  const json = SHAPE.parse(text);
  if (json["schemaVersion"] === 1) {
    throw new GantryError(
      "image.invalid",
      "the image has a manifest of docker's schema 1, which nobody writes any more",
      {
        next: "ask its owner to push it again",
      },
    );
  }
  const said = SHAPE.optionalText(json["mediaType"], "mediaType");
  const type = said ?? mediaType;
  const isIndex = Array.isArray(json["manifests"]);
  // One text that is taken for an index by some and for an image by others would have two meanings (CVE-2021-41190).
  if (isIndex && (json["layers"] !== undefined || json["config"] !== undefined))
    throw SHAPE.wrong("it", "either an image or an index: it is both");
  if (
    isIndex !== (type === MEDIA_TYPE.index || type === MEDIA_TYPE.dockerIndex) &&
    type !== undefined &&
    isKnown(type)
  )
    throw SHAPE.wrong("it", `what it says to be, ${type}`);
  return isIndex ? readIndex(json) : readImage(json);
}

function isKnown(type: string): boolean {
  return (Object.values(MEDIA_TYPE) as string[]).includes(type);
}

function readImage(json: JsonObject): Manifest {
  const config = descriptor(json["config"], "config");
  if (!CONFIGS.has(config.mediaType)) {
    throw new GantryError(
      "image.invalid",
      `this is no image, but an artifact of the type ${config.mediaType}`,
    );
  }
  const layers = SHAPE.list(json["layers"], "layers");
  if (layers.length > MOST_LAYERS) throw SHAPE.wrong("layers", `a list of at most ${MOST_LAYERS}`);
  return {
    kind: "image",
    config,
    layers: layers.map((layer, index) => descriptor(layer, `layers[${index}]`)),
  };
}

function readIndex(json: JsonObject): Manifest {
  const manifests = SHAPE.list(json["manifests"], "manifests").map((value, index): IndexEntry => {
    const where = `manifests[${index}]`;
    const entry = SHAPE.object(value, where);
    const platform = entry["platform"] ?? undefined;
    return {
      ...descriptor(value, where),
      annotations: SHAPE.optionalObject(entry["annotations"], `${where}.annotations`),
      ...(platform === undefined
        ? {}
        : { platform: readPlatform(SHAPE.object(platform, `${where}.platform`)) }),
    };
  });
  return { kind: "index", manifests };
}

function readPlatform(platform: JsonObject): Platform {
  const text = (name: string): string => SHAPE.text(platform[name], `platform.${name}`);
  const variant = SHAPE.optionalText(platform["variant"], "platform.variant");
  return { os: text("os"), architecture: text("architecture"), ...(variant ? { variant } : {}) };
}

function descriptor(value: unknown, where: string): Descriptor {
  const { mediaType, digest, size } = SHAPE.object(value, where);
  return {
    mediaType: SHAPE.text(mediaType, `${where}.mediaType`),
    digest: SHAPE.digest(digest, `${where}.digest`),
    size: SHAPE.count(size, `${where}.size`),
  };
}
