import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import { formatConfiguration } from "./configuration.ts";
import { exclusive } from "./exclusive.ts";
import { openHostImage } from "./host.ts";
import type { Image, ImageConfig, ImageRemoval } from "./image.ts";
import { importedConfig, publishLayer, stageLayer, writeImage } from "./import.ts";
import type { StagedLayer } from "./import.ts";
import { digestOf, hexOf, openLayout, removeTree, retireFolder } from "./layout.ts";
import { loadImage, readContents, removeRecord, removeReference, writeReference } from "./records.ts";
import type { StoredImage } from "./records.ts";
import { formatReference, parseReference } from "./reference.ts";
import { decideRemoval } from "./removal.ts";
import { sweep } from "./sweep.ts";

export interface ImageStoreOptions {
  /** The instance's root folder. */
  readonly root: string;
  /** Path of gantry-applier. */
  readonly applier: string;
  /** The root folder that the host image shows; `/` when absent. */
  readonly hostRoot?: string;
}

export interface ImportOptions {
  /** What the image says about running it, beyond a PATH. */
  readonly config?: Partial<ImageConfig>;
  readonly signal?: AbortSignal;
}

export interface RemoveOptions {
  readonly force: boolean;
  /** How many containers were made from the image with this id. */
  readonly usedBy: (id: string) => number;
}

/**
 * The images of one instance. One process at a time may have a store open: it keeps what is on the disk in memory.
 */
export interface ImageStore {
  /** What could not be used when the store was opened, in words; none when all is well. */
  readonly problems: readonly string[];
  /** By name, id, or at least 8 digits of an id. Undefined when there is none, or the text is no reference. Cheap. */
  resolve(reference: string): Promise<Image | undefined>;
  /** By full id. */
  get(id: string): Promise<Image | undefined>;
  /** Every image, the newest first, the host's last. */
  list(): Promise<readonly Image[]>;
  /**
   * Makes an image of a root file system archive (tar, plain or gzip) and gives it the reference, which another image
   * may lose by it. The same archive with the same config gives the same image. Throws request.invalid for a bad
   * reference, and what unpack throws; then nothing has changed.
   */
  import(body: AsyncIterable<Uint8Array>, reference: string, options?: ImportOptions): Promise<Image>;
  /** As `docker rmi`. Throws image.not-found, image.in-use, conflict; request.invalid for the host image. */
  remove(reference: string, options: RemoveOptions): Promise<readonly ImageRemoval[]>;
}

/** Shorter beginnings of ids are not looked up: `cafe` in a file is a name, not any image that starts so. */
const ID_PREFIX = /^(?:sha256:)?([a-f0-9]{8,64})$/;

/** Opens the store below `root`, after removing what a crash left there. */
export async function openImageStore(options: ImageStoreOptions): Promise<ImageStore> {
  const layout = await openLayout(options.root);
  const [host, contents] = await Promise.all([
    openHostImage({ root: options.root, hostRoot: options.hostRoot ?? "/" }),
    readContents(layout),
  ]);
  await sweep(layout, contents);
  const { images, references, problems } = contents;
  const inTurn = exclusive();

  function referencesOf(id: string): readonly string[] {
    return [...references]
      .filter(([, owner]) => owner === id)
      .map(([reference]) => reference)
      .sort();
  }

  /** After a change of its names. Images that were handed out stay as they were. */
  function refresh(id: string): void {
    const stored = images.get(id);
    if (stored === undefined) return;
    images.set(id, { ...stored, image: { ...stored.image, references: referencesOf(id) } });
  }
  for (const id of images.keys()) refresh(id);

  /** The id, and the name if it was found by name. */
  function find(text: string): { readonly id: string; readonly name: string | undefined } | undefined {
    const name = familiar(text);
    if (name !== undefined && host.references.includes(name)) return { id: host.id, name };
    const owner = name === undefined ? undefined : references.get(name);
    if (owner !== undefined) return { id: owner, name };
    const byDigest = name === undefined ? undefined : parseReference(name).digest;
    if (byDigest !== undefined) {
      const stored = [...images.values()].find(({ record }) => record.manifest === byDigest);
      return stored === undefined ? undefined : { id: stored.record.id, name: undefined };
    }
    const digits = ID_PREFIX.exec(text)?.[1];
    const ids = digits === undefined ? [] : [...images.keys()].filter((id) => hexOf(id).startsWith(digits));
    return ids.length === 1 && ids[0] !== undefined ? { id: ids[0], name: undefined } : undefined;
  }

  function imageOf(id: string): Image | undefined {
    return id === host.id ? host : images.get(id)?.image;
  }

  /** An image of this very layer that says the same, made earlier: importing twice changes nothing. */
  function sameAs(layer: StagedLayer, config: ImageConfig): StoredImage | undefined {
    const diffIds = [layer.diffId];
    return [...images.values()].find(
      ({ record, image: { createdAt } }) =>
        record.id === digestOf(formatConfiguration({ createdAt, diffIds, config }, process.arch)),
    );
  }

  async function publish(layer: StagedLayer, reference: string, config: ImageConfig): Promise<Image> {
    await publishLayer(layout, layer);
    let stored = sameAs(layer, config);
    if (stored === undefined) {
      const record = await writeImage(layout, layer, { config, createdAt: Date.now() });
      stored = await loadImage(layout, record);
      images.set(record.id, stored);
    }
    const { id } = stored.record;
    const previous = references.get(reference);
    await writeReference(layout, reference, id);
    references.set(reference, id);
    refresh(id);
    if (previous !== undefined) refresh(previous);
    return images.get(id)?.image ?? stored.image;
  }

  async function untag(reference: string): Promise<void> {
    const id = references.get(reference);
    await removeReference(layout, reference);
    references.delete(reference);
    if (id !== undefined) refresh(id);
  }

  async function destroy(stored: StoredImage): Promise<void> {
    const { id, manifest } = stored.record;
    images.delete(id);
    await removeRecord(layout, id);
    const others = [...images.values()];
    for (const blob of [id, manifest]) await rm(join(layout.blobs, hexOf(blob)), { force: true });
    for (const diffId of stored.diffIds) {
      if (others.some((other) => other.diffIds.includes(diffId))) continue;
      const retired = await retireFolder(hexOf(diffId), layout.layers);
      if (retired !== undefined) await removeTree(retired);
    }
  }

  return {
    problems,
    resolve: async (reference) => {
      const found = find(reference);
      return found === undefined ? undefined : imageOf(found.id);
    },
    get: async (id) => imageOf(id),
    list: async () => {
      const all = [...images.values()].map(({ image }) => image);
      return [...all.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1)), host];
    },
    import: async (body, reference, { config, signal } = {}) => {
      const name = importable(reference);
      const layer = await stageLayer(body, {
        applier: options.applier,
        layout,
        ...(signal === undefined ? {} : { signal }),
      });
      try {
        return await inTurn(async () => await publish(layer, name, importedConfig(config)));
      } finally {
        await removeTree(layer.folder); // Gone already, unless publishing failed.
      }
    },
    remove: async (reference, { force, usedBy }) =>
      await inTurn(async () => {
        const found = find(reference);
        if (found?.id === host.id) {
          throw new GantryError(
            "request.invalid",
            "the host image is this machine itself and cannot be removed",
          );
        }
        const stored = found === undefined ? undefined : images.get(found.id);
        if (found === undefined || stored === undefined) throw notFound(reference);
        const { id } = stored.record;
        const removal = decideRemoval({
          ...found,
          references: stored.image.references,
          force,
          users: usedBy(id),
        });
        for (const name of removal.untag) await untag(name);
        if (removal.delete) await destroy(stored);
        return [
          ...removal.untag.map((name) => ({ untagged: name })),
          ...(removal.delete ? [{ deleted: id }] : []),
        ];
      }),
  };
}

/** The reference as people write it; undefined for what is none. */
function familiar(text: string): string | undefined {
  try {
    return formatReference(parseReference(text));
  } catch {
    return undefined;
  }
}

/** The reference an import may give. Throws request.invalid. */
function importable(text: string): string {
  const reference = parseReference(text);
  if (reference.digest !== undefined) {
    throw new GantryError("request.invalid", `an imported image cannot be named by a digest: ${text}`, {
      next: "give it a name and a tag: tools:1",
    });
  }
  if (reference.domain === "docker.io" && reference.path === "library/host") {
    throw new GantryError("request.invalid", `the name "host" is taken: it is this machine itself`, {
      next: "give the image another name",
    });
  }
  return formatReference(reference);
}

function notFound(reference: string): GantryError {
  return new GantryError("image.not-found", `there is no image ${JSON.stringify(reference)}`, {
    next: "gantry images lists what there is",
  });
}
