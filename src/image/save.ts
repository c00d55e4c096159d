import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Header } from "tar";
import { digestOf, hexOf, type Layout } from "./layout.ts";
import type { Descriptor, LayerFacts } from "./layer.ts";
import { formatManifest, parseManifest } from "./manifest.ts";
import { MEDIA_TYPE } from "./media-type.ts";

/** An image to be written into an archive. */
export interface SavedImage {
  readonly id: string;
  readonly configuration: string;
  readonly manifest: string;
  /** Bottom first. */
  readonly layers: readonly LayerFacts[];
  /** Names it gets when it is loaded: `alpine:3`. */
  readonly names: readonly string[];
}

const BLOCK = 512;

/**
 * An archive of images: an OCI image layout (image-layout.md) with docker's manifest.json in it, so that whoever reads one
 * of them finds what he looks for. The same images give the same bytes. Archives of layers go in as they came.
 */
export async function* saveArchive(
  layout: Layout,
  images: readonly SavedImage[],
): AsyncGenerator<Uint8Array> {
  const texts = new Map<string, string>();
  const archives = new Map<string, Descriptor>();
  const index: object[] = [];
  const dockers: object[] = [];
  for (const image of images) {
    const blobs = image.layers.map(({ blob }) => blob);
    const manifest = manifestOf(image, blobs);
    const digest = digestOf(manifest);
    texts.set(image.id, image.configuration).set(digest, manifest);
    for (const blob of blobs) archives.set(blob.digest, blob);
    const descriptor = { mediaType: mediaTypeOf(manifest), digest, size: Buffer.byteLength(manifest) };
    if (image.names.length === 0) index.push(descriptor);
    for (const name of image.names) index.push({ ...descriptor, annotations: annotationsOf(name) });
    dockers.push({
      Config: pathOf(image.id),
      RepoTags: image.names.length === 0 ? null : image.names,
      Layers: blobs.map((blob) => pathOf(blob.digest)),
    });
  }
  yield folder("blobs/");
  yield folder("blobs/sha256/");
  for (const [digest, text] of [...texts].sort(byName)) yield* content(pathOf(digest), text);
  for (const [digest, { size }] of [...archives].sort(byName)) {
    yield header(pathOf(digest), size);
    yield* createReadStream(join(layout.blobs, hexOf(digest)), { highWaterMark: 256 * 1024 });
    yield padding(size);
  }
  yield* content(
    "index.json",
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: index }),
  );
  yield* content("manifest.json", JSON.stringify(dockers));
  yield* content("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  yield Buffer.alloc(2 * BLOCK);
}

/** The manifest it came with, unless the archives kept are others than that names. */
function manifestOf({ id, configuration, manifest }: SavedImage, blobs: readonly Descriptor[]): string {
  const own = parseManifest(manifest);
  const layers = own.kind === "image" ? own.layers.map(({ digest }) => digest) : [];
  if (layers.join() === blobs.map(({ digest }) => digest).join()) return manifest;
  return formatManifest({ digest: id, size: Buffer.byteLength(configuration) }, blobs);
}

function mediaTypeOf(manifest: string): string {
  const { mediaType } = JSON.parse(manifest) as { readonly mediaType?: unknown };
  return typeof mediaType === "string" ? mediaType : MEDIA_TYPE.manifest;
}

function annotationsOf(name: string): object {
  return {
    "io.containerd.image.name": name,
    "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
  };
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function pathOf(digest: string): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function* content(path: string, text: string): Generator<Uint8Array> {
  const bytes = Buffer.from(text);
  yield header(path, bytes.length);
  yield bytes;
  yield padding(bytes.length);
}

function folder(path: string): Uint8Array {
  return encoded(
    new Header({ path, mode: 0o755, type: "Directory", size: 0, mtime: new Date(0), uid: 0, gid: 0 }),
  );
}

function header(path: string, size: number): Uint8Array {
  return encoded(new Header({ path, mode: 0o644, type: "File", size, mtime: new Date(0), uid: 0, gid: 0 }));
}

function encoded(made: Header): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  made.encode(block, 0);
  return block;
}

function padding(size: number): Uint8Array {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
