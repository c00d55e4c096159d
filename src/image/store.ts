import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { GantryError } from "../error.ts";
import { addImage, type NewImage, publish } from "./add.ts";
import { BuildCache, type BuildSession } from "./build-cache.ts";
import { Catalog } from "./catalog.ts";
import { formatConfiguration } from "./configuration.ts";
import { exclusive } from "./exclusive.ts";
import { type HistoryEntry, parseHistory } from "./history.ts";
import { openHostImage } from "./host.ts";
import type { Image, ImageConfig, ImageRemoval } from "./image.ts";
import { givenName, importedConfig, storedName } from "./import.ts";
import { type LayerSpecials, layerSpecials } from "./layer-specials.ts";
import { discardLayer, layerFolder, stageLayer } from "./layer.ts";
import type { LayerFacts, StagedLayer, StageOptions } from "./layer.ts";
import { digestOf, hexOf, openLayout, readBlob, removeTree, retireFolder } from "./layout.ts";
import { type Loaded, loadArchive } from "./load.ts";
import { readContents, removeRecord, removeReference, writeReference } from "./records.ts";
import type { Naming, StoredImage } from "./records.ts";
import { decideRemoval } from "./removal.ts";
import { saveArchive, type SavedImage } from "./save.ts";
import { shippable, type ShippableImage } from "./shipping.ts";
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

export type StagingOptions = Pick<StageOptions, "signal" | "maxBytes">;

export interface AddOptions extends NewImage {
  /** Names it gets, which other images may lose by it: tags, and digests (`alpine@sha256:...`) where registries have it. */
  readonly references: readonly string[];
  /** When a registry said that these names lead there, in ms since the epoch. */
  readonly checkedAt?: number;
}

export interface RemoveOptions {
  readonly force: boolean;
  /** How many containers were made from the image with this id. */
  readonly usedBy: (id: string) => number;
  /** What else the image with this id is kept for, in words. */
  readonly pinOf?: (id: string) => string | undefined;
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
  /** The id a name leads to, for a name in its familiar form: `alpine:3`, `alpine@sha256:...`. */
  idOf(name: string): string | undefined;
  /** When a registry last said where a name leads, in ms since the epoch. */
  checkedAt(name: string): number | undefined;
  /** What is known of a layer of this diff id; undefined when the store has none. */
  layer(diffId: string): LayerFacts | undefined;
  /** The OCI configuration of an image, to the byte. Throws image.not-found, image.invalid when it is damaged. */
  configuration(id: string): Promise<string>;
  /** The manifest of an image, to the byte. Throws as `configuration` does. */
  manifest(id: string): Promise<string>;
  /** How an image was made, the first step first. Throws as `configuration` does. */
  history(id: string): Promise<readonly HistoryEntry[]>;
  /**
   * Makes an image of a root file system archive (tar, plain or gzip) and gives it the reference, which another image
   * may lose by it. The same archive with the same config gives the same image. Throws request.invalid for a bad
   * reference, and what unpack throws; then nothing has changed.
   */
  import(body: AsyncIterable<Uint8Array>, reference: string, options?: ImportOptions): Promise<Image>;
  /**
   * Unpacks a layer's archive for an image to be. Nobody sees it before addImage; hand what is not used to
   * discardLayer. Throws what unpack throws; then nothing stays.
   */
  stageLayer(body: AsyncIterable<Uint8Array>, options?: StagingOptions): Promise<StagedLayer>;
  /** Removes a staged layer; one that addImage took is fine. */
  discardLayer(layer: StagedLayer): Promise<void>;
  /** Makes an image of staged layers and layers in the store; one that is there already only gains names. Throws what addImage throws. */
  addImage(options: AddOptions): Promise<Image>;
  /** Gives an image names that a registry has it under, digests too. Throws image.not-found. */
  name(id: string, references: readonly string[], checkedAt: number): Promise<void>;
  /** Gives an image a further name. Throws image.not-found, request.invalid. */
  tag(image: string, reference: string): Promise<void>;
  /** What of an image a push sends. Throws as `configuration` does. */
  shippable(id: string): Promise<ShippableImage>;
  /** An archive of images by name or id: `docker save`. Throws image.not-found before the first byte. */
  save(references: readonly string[]): Promise<AsyncIterable<Uint8Array>>;
  /** Takes in every image of an archive: `docker load`. Throws image.invalid, and what unpack throws. */
  load(body: AsyncIterable<Uint8Array>): Promise<readonly Loaded[]>;
  /** What a layer of the store says beside names and contents. Throws image.not-found. */
  specials(diffId: string): Promise<LayerSpecials>;
  /** The cache as one build uses it; close it in the end. */
  openBuild(): BuildSession;
  /** Absolute folders of layers, given bottom first, topmost first. */
  layerFolders(diffIds: readonly string[]): readonly string[];
  /** Forgets what steps of builds came to, as far as no running build needs it. */
  pruneBuilds(
    before: number,
  ): Promise<{ readonly removed: readonly string[]; readonly reclaimedBytes: number }>;
  /** Diff ids of an image's layers, bottom first. Throws image.not-found. */
  diffIds(id: string): readonly string[];
  /** As `docker rmi`. Throws image.not-found, image.in-use, conflict; request.invalid for the host image. */
  remove(reference: string, options: RemoveOptions): Promise<readonly ImageRemoval[]>;
}

/** Opens the store below `root`, after removing what a crash left there. */
export async function openImageStore(options: ImageStoreOptions): Promise<ImageStore> {
  const layout = await openLayout(options.root);
  const [host, contents] = await Promise.all([
    openHostImage({ root: options.root, hostRoot: options.hostRoot ?? "/" }),
    readContents(layout),
  ]);
  await sweep(layout, contents);
  const { layers, problems } = contents;
  const catalog = new Catalog(host, contents);
  const inTurn = exclusive();
  const builds = new BuildCache(contents.cache, {
    layout,
    inTurn,
    publish: async (layer) => await publish(layout, layers, layer),
    release: releaseLayer,
    layer: (diffId) => layers.get(diffId),
  });

  /** An image of this very layer that says the same, made earlier: importing twice changes nothing. */
  function sameAs({ diffId }: StagedLayer, config: ImageConfig): StoredImage | undefined {
    const diffIds = [diffId];
    return catalog
      .all()
      .find(
        ({ record, image: { createdAt } }) =>
          record.id === digestOf(formatConfiguration({ createdAt, diffIds, config }, process.arch)),
      );
  }

  async function add({ references, checkedAt, ...image }: AddOptions): Promise<Image> {
    const id = digestOf(image.configuration);
    const names = references.map(storedName);
    if (catalog.stored(id) === undefined) catalog.put(await addImage(layout, layers, image));
    for (const one of names) await give(one, { id, ...(checkedAt === undefined ? {} : { checkedAt }) });
    return requireStored(id).image;
  }

  async function give(reference: string, naming: Naming): Promise<void> {
    if (isDeepStrictEqual(catalog.naming(reference), naming)) return;
    await writeReference(layout, reference, naming);
    catalog.setReference(reference, naming);
  }

  async function untag(reference: string): Promise<void> {
    await removeReference(layout, reference);
    catalog.deleteReference(reference);
  }

  async function destroy({ record: { id, manifest }, diffIds }: StoredImage): Promise<void> {
    catalog.delete(id);
    await removeRecord(layout, id);
    const others = catalog.all();
    for (const blob of [id, manifest])
      if (!others.some(({ record }) => record.manifest === blob)) await removeBlob(blob);
    for (const diffId of new Set(diffIds)) await releaseLayer(diffId);
  }

  /** Removes a layer that nobody needs any more. */
  async function releaseLayer(diffId: string): Promise<void> {
    const owned = catalog.all().some((stored) => stored.diffIds.includes(diffId));
    if (!owned && !builds.owns(diffId)) await destroyLayer(diffId);
  }

  async function destroyLayer(diffId: string): Promise<void> {
    const facts = layers.get(diffId);
    layers.delete(diffId);
    const retired = await retireFolder(hexOf(diffId), layout.layers);
    if (facts !== undefined) await removeBlob(facts.blob.digest);
    if (retired !== undefined) await removeTree(retired);
  }

  async function removeBlob(digest: string): Promise<void> {
    await rm(join(layout.blobs, hexOf(digest)), { force: true });
  }

  function requireStored(id: string): StoredImage {
    const stored = catalog.stored(id);
    if (stored === undefined) throw notFound(id);
    return stored;
  }

  /** The layers of an image, bottom first. */
  function layersOf({ diffIds }: StoredImage): readonly (readonly [string, LayerFacts])[] {
    return diffIds.flatMap((diffId) => {
      const facts = layers.get(diffId);
      return facts === undefined ? [] : [[diffId, facts] as const];
    });
  }

  async function savedImage(reference: string): Promise<SavedImage> {
    const found = catalog.find(reference);
    const stored = found === undefined ? undefined : catalog.stored(found.id);
    if (found === undefined || stored === undefined) throw notFound(reference);
    refuseOverHost(stored);
    const { id, manifest } = stored.record;
    return {
      id,
      configuration: await readBlob(layout, id),
      manifest: await readBlob(layout, manifest),
      layers: layersOf(stored).map(([, facts]) => facts),
      names: found.name === undefined || found.name.includes("@") ? [] : [found.name],
    };
  }

  const staged = async (body: AsyncIterable<Uint8Array>, how: StagingOptions = {}) =>
    await stageLayer(body, { ...how, applier: options.applier, layout });

  return {
    problems,
    resolve: async (reference) => {
      const found = catalog.find(reference);
      return found === undefined ? undefined : catalog.image(found.id);
    },
    get: async (id) => catalog.image(id),
    list: async () => {
      const all = catalog.all().map(({ image }) => image);
      return [...all.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1)), host];
    },
    idOf: (name) => catalog.naming(name)?.id,
    checkedAt: (text) => catalog.checkedAt(text),
    layer: (diffId) => layers.get(diffId),
    configuration: async (id) => await readBlob(layout, requireStored(id).record.id),
    manifest: async (id) => await readBlob(layout, requireStored(id).record.manifest),
    history: async (id) => {
      const { record, diffIds } = requireStored(id);
      return parseHistory(await readBlob(layout, record.id), diffIds);
    },
    import: async (body, reference, { config: changes, signal } = {}) => {
      const given = givenName(reference);
      const layer = await staged(body, signal === undefined ? {} : { signal });
      try {
        return await inTurn(async () => {
          const config = importedConfig(changes);
          const createdAt = sameAs(layer, config)?.image.createdAt ?? Date.now();
          const said = { createdAt, diffIds: [layer.diffId], config };
          const configuration = formatConfiguration(said, process.arch);
          return await add({ configuration, layers: [layer], references: [given] });
        });
      } finally {
        await discardLayer(layer);
      }
    },
    stageLayer: staged,
    discardLayer,
    addImage: async (image) => await inTurn(async () => await add(image)),
    name: async (id, references, checkedAt) =>
      await inTurn(async () => {
        requireStored(id);
        for (const one of references.map(storedName)) await give(one, { id, checkedAt });
      }),
    tag: async (image, reference) => {
      const given = givenName(reference);
      await inTurn(async () => {
        const found = catalog.find(image);
        if (found === undefined) throw notFound(image);
        await give(given, { id: found.id });
      });
    },
    shippable: async (id) => {
      const stored = requireStored(id);
      refuseOverHost(stored);
      const { record, image } = stored;
      return shippable(
        layout,
        {
          id,
          configuration: await readBlob(layout, record.id),
          manifest: await readBlob(layout, record.manifest),
          asItIs: image.digests.length > 0,
        },
        layersOf(stored),
      );
    },
    save: async (references) => saveArchive(layout, merged(await Promise.all(references.map(savedImage)))),
    load: async (body) =>
      await loadArchive(
        {
          stageLayer: staged,
          discardLayer,
          addImage: async (image) => await inTurn(async () => await add(image)),
        },
        body,
      ),
    specials: async (diffId) => {
      const facts = layers.get(diffId);
      if (facts === undefined) throw notFound(diffId);
      return await layerSpecials(layout, diffId, facts);
    },
    openBuild: () => builds.open(),
    layerFolders: (diffIds) => diffIds.map((diffId) => layerFolder(layout, diffId)).toReversed(),
    pruneBuilds: async (before) => await builds.prune(before),
    diffIds: (id) => requireStored(id).diffIds,
    remove: async (reference, { force, usedBy, pinOf }) =>
      await inTurn(async () => {
        const found = catalog.find(reference);
        if (found?.id === host.id) {
          throw new GantryError(
            "request.invalid",
            "the host image is this machine itself and cannot be removed",
          );
        }
        const stored = found === undefined ? undefined : catalog.stored(found.id);
        if (found === undefined || stored === undefined) throw notFound(reference);
        const { id } = stored.record;
        const removal = decideRemoval({
          ...found,
          references: catalog.namesOf(id),
          force,
          users: usedBy(id),
          pinned: pinOf?.(id),
        });
        for (const one of removal.untag) await untag(one);
        if (removal.delete) await destroy(stored);
        return [
          ...removal.untag.map((one) => ({ untagged: one })),
          ...(removal.delete ? [{ deleted: id }] : []),
        ];
      }),
  };
}

/** An image that was asked for by several names goes in once, with all of them. */
function merged(images: readonly SavedImage[]): readonly SavedImage[] {
  const byId = new Map<string, SavedImage>();
  for (const image of images) {
    const names = [...new Set([...(byId.get(image.id)?.names ?? []), ...image.names])];
    byId.set(image.id, { ...image, names });
  }
  return [...byId.values()];
}

/** Elsewhere such an image would be half of what it is. Throws request.invalid. */
function refuseOverHost({ record, image }: StoredImage): void {
  if (record.base !== "host") return;
  throw new GantryError(
    "request.invalid",
    `${image.references[0] ?? image.id} is built on this machine's own programs and works here alone`,
    { next: "build it on another image than host" },
  );
}

function notFound(reference: string): GantryError {
  return new GantryError("image.not-found", `there is no image ${JSON.stringify(reference)}`, {
    next: "gantry images lists what there is",
  });
}
