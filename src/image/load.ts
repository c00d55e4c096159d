import { posix } from "node:path";
import { Parser, type ReadEntry } from "tar";
import { GantryError } from "../error.ts";
import type { AddOptions } from "./store.ts";
import { detectCompression } from "./compression.ts";
import type { Image } from "./image.ts";
import { JsonShape } from "./json-shape.ts";
import type { StagedLayer } from "./layer.ts";
import { digestOf, hexOf } from "./layout.ts";
import { parseManifest } from "./manifest.ts";
import { formatReference, parseReference } from "./reference.ts";

/** What the store lends to whoever loads an archive. */
export interface Loading {
  stageLayer(body: AsyncIterable<Uint8Array>): Promise<StagedLayer>;
  discardLayer(layer: StagedLayer): Promise<void>;
  addImage(image: AddOptions): Promise<Image>;
}

export interface Loaded {
  readonly image: Image;
  /** Names it got; none when the archive has none for it. */
  readonly names: readonly string[];
}

/** Bytes of one text, and of all of them. */
const LONGEST_TEXT = 4 * 1024 * 1024;
const MOST_TEXTS = 64 * 1024 * 1024;
const SHAPE = new JsonShape("the archive");

/** What an archive held, by path. */
interface Contents {
  readonly texts: Map<string, string>;
  /** Layers, and why what might have been one is none. */
  readonly layers: Map<string, StagedLayer | Error>;
  readonly links: Map<string, string>;
}

/**
 * Loads the images of an archive as `docker save` or an OCI tool wrote it, plain or packed. Layers are unpacked as they
 * come, whatever the order; nothing is visible before its image is whole. Throws image.invalid, and what unpack throws.
 */
export async function loadArchive(
  store: Loading,
  body: AsyncIterable<Uint8Array>,
): Promise<readonly Loaded[]> {
  const contents: Contents = { texts: new Map(), layers: new Map(), links: new Map() };
  try {
    await readArchive(store, body, contents);
    const loaded: Loaded[] = [];
    for (const image of imagesIn(contents))
      loaded.push({ image: await store.addImage(image), names: image.references });
    return loaded;
  } finally {
    for (const layer of contents.layers.values())
      if (!(layer instanceof Error)) await store.discardLayer(layer);
  }
}

async function readArchive(
  store: Loading,
  body: AsyncIterable<Uint8Array>,
  contents: Contents,
): Promise<void> {
  let reading: Promise<void> = Promise.resolve();
  let failure: unknown;
  const parser = new Parser({
    strict: false,
    maxMetaEntrySize: 1024 * 1024,
    onReadEntry: (entry) => {
      reading = reading
        .then(async () => await readEntry(store, entry, contents))
        .catch((error: unknown) => {
          failure ??= error;
          entry.resume();
        });
    },
  });
  const ended = new Promise<void>((resolve, reject) => {
    parser.on("end", resolve);
    parser.on("error", reject);
    parser.on("abort", reject);
  });
  ended.catch(() => undefined); // It is awaited below, and may reject before that.
  for await (const chunk of body) {
    if (failure !== undefined) throw failure;
    if (parser.write(Buffer.from(chunk))) continue;
    await Promise.race([new Promise<void>((resolve) => parser.once("drain", resolve)), ended]);
  }
  parser.end();
  await ended.catch((cause: unknown) => {
    throw new GantryError("image.invalid", "the archive is no tar archive, or damaged", { cause });
  });
  await reading;
  if (failure !== undefined) throw failure;
}

async function readEntry(
  store: Loading,
  entry: ReadEntry,
  { texts, layers, links }: Contents,
): Promise<void> {
  const path = posix.normalize(entry.path).replace(/^(?:\/|\.\/)+/, "");
  if (entry.type === "SymbolicLink" || entry.type === "Link") {
    const target = entry.linkpath ?? "";
    links.set(
      path,
      posix.normalize(entry.type === "Link" ? target : posix.join(posix.dirname(path), target)),
    );
    entry.resume();
    return;
  }
  if (entry.type !== "File" && entry.type !== "OldFile" && entry.type !== "ContiguousFile") {
    entry.resume();
    return;
  }
  const { start, rest } = await beginning(entry);
  const small = entry.size <= LONGEST_TEXT;
  if (small && detectCompression(start) === "none" && !isTar(start)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of rest) chunks.push(chunk);
    texts.set(path, Buffer.concat(chunks).toString("utf8"));
    const all = [...texts.values()].reduce((sum, text) => sum + text.length, 0);
    if (all > MOST_TEXTS) throw SHAPE.wrong("it", "one of images: it has too many small files");
    return;
  }
  const layer = await store.stageLayer(rest).catch((error: unknown) => error as Error);
  for await (const _ of rest); // What a layer that is none has left.
  layers.set(path, layer);
}

/** Enough to see a tar archive by. */
async function beginning(
  body: AsyncIterable<Uint8Array>,
): Promise<{ readonly start: Buffer; readonly rest: AsyncIterable<Uint8Array> }> {
  const iterator = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let have = 0; have < 512;) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    have += next.value.length;
  }
  const start = Buffer.concat(chunks);
  let first: Uint8Array | undefined = start;
  const rest: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => rest,
    next: async () => {
      const value = first;
      first = undefined;
      return value === undefined || value.length === 0 ? await iterator.next() : { value, done: false };
    },
  };
  return { start, rest };
}

function isTar(start: Buffer): boolean {
  return start.length >= 512 && start.subarray(257, 262).toString("latin1") === "ustar";
}

function imagesIn(contents: Contents): readonly AddOptions[] {
  const dockers = contents.texts.get("manifest.json");
  if (dockers !== undefined) return dockerImages(dockers, contents);
  const index = contents.texts.get("index.json");
  if (index !== undefined) return ociImages(index, contents);
  throw new GantryError(
    "image.invalid",
    "the archive holds no image: it has no manifest.json and no index.json",
    {
      next: "for an archive of a root file system: gantry import FILE NAME",
    },
  );
}

function dockerImages(text: string, contents: Contents): readonly AddOptions[] {
  const list = SHAPE.list(SHAPE.parse(`{"images":${text}}`)["images"], "manifest.json");
  return list.map((value, position) => {
    const where = `manifest.json[${position}]`;
    const image = SHAPE.object(value, where);
    const layers = SHAPE.optionalTexts(image["Layers"], `${where}.Layers`) ?? [];
    return {
      configuration: textAt(contents, SHAPE.text(image["Config"], `${where}.Config`)),
      layers: layers.map((path) => layerAt(contents, path)),
      references: (SHAPE.optionalTexts(image["RepoTags"], `${where}.RepoTags`) ?? []).map(nameOf),
    };
  });
}

function ociImages(text: string, contents: Contents): readonly AddOptions[] {
  const index = parseManifest(text);
  if (index.kind !== "index") throw SHAPE.wrong("index.json", "an index");
  const images = new Map<string, AddOptions>();
  for (const { digest, annotations } of index.manifests) {
    const manifest = verified(textAt(contents, blobPath(digest)), digest);
    const found = parseManifest(manifest);
    if (found.kind !== "image")
      throw new GantryError(
        "image.invalid",
        "the archive has an index within its index: load one image of it",
      );
    const { config, layers } = found;
    const names = nameIn(annotations);
    const before = images.get(digest);
    images.set(digest, {
      manifest,
      configuration: verified(textAt(contents, blobPath(config.digest)), config.digest),
      layers: layers.map((layer) => {
        const staged = layerAt(contents, blobPath(layer.digest));
        if (staged.blob.digest === layer.digest) return staged;
        throw new GantryError("image.invalid", `the archive's ${layer.digest} is ${staged.blob.digest}`);
      }),
      references: [...new Set([...(before?.references ?? []), ...names])],
    });
  }
  return [...images.values()];
}

/** Containerd's annotation is a whole name; OCI's is one for some tools, and a bare tag for others. */
function nameIn(annotations: Readonly<Record<string, unknown>>): readonly string[] {
  const whole = annotations["io.containerd.image.name"];
  if (typeof whole === "string") return [nameOf(whole)];
  const name = annotations["org.opencontainers.image.ref.name"];
  return typeof name === "string" && /[:/]/.test(name) ? [nameOf(name)] : [];
}

function nameOf(text: string): string {
  return formatReference(parseReference(text));
}

function blobPath(digest: string): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function verified(text: string, digest: string): string {
  if (digestOf(text) === digest) return text;
  throw new GantryError("image.invalid", `the archive's ${digest} is damaged`);
}

function textAt(contents: Contents, path: string): string {
  const text = contents.texts.get(resolved(contents, path));
  if (text !== undefined) return text;
  throw new GantryError("image.invalid", `the archive names ${JSON.stringify(path)}, which is not in it`);
}

function layerAt(contents: Contents, path: string): StagedLayer {
  const layer = contents.layers.get(resolved(contents, path));
  if (layer instanceof Error) throw layer;
  if (layer !== undefined) return layer;
  throw new GantryError(
    "image.invalid",
    `the archive names the layer ${JSON.stringify(path)}, which is not in it`,
  );
}

/** Older archives have a layer that two images share once, and links to it. */
function resolved({ links }: Contents, path: string): string {
  let at = posix.normalize(path);
  for (let hops = 0; hops < 16; hops++) {
    const target = links.get(at);
    if (target === undefined) return at;
    at = target;
  }
  throw new GantryError("image.invalid", `the archive's ${JSON.stringify(path)} leads in circles`);
}
