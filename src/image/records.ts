import { rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../error.ts";
import { readJson, syncFolder, writeJson } from "../host/durable.ts";
import { type CacheEntry, readCacheEntries, removeCacheEntry } from "./build-cache.ts";
import { configurationPlatform, parseConfiguration } from "./configuration.ts";
import type { Image } from "./image.ts";
import { layerFolder, readLayer } from "./layer.ts";
import type { LayerFacts } from "./layer.ts";
import { digestOf, hexOf, namesIn, readBlob } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { formatReference, parseReference } from "./reference.ts";

/** What makes an image visible. Everything else about it is in the blobs it names. */
export interface ImageRecord {
  readonly id: string;
  readonly manifest: string;
  /** Its layers lie over the host image's, whose programs it needs. */
  readonly base?: "host";
}

/** An image as the store keeps it in memory; its references are kept apart. */
export interface StoredImage {
  readonly record: ImageRecord;
  readonly image: Image;
  readonly diffIds: readonly string[];
}

/** Where a reference leads. */
export interface Naming {
  readonly id: string;
  /** When a registry last said so, in ms since the epoch. */
  readonly checkedAt?: number;
}

/** What was found on the disk, and what could not be used. */
export interface Contents {
  readonly images: Map<string, StoredImage>;
  /** Layers that images and the cache of builds have, by diff id. */
  readonly layers: Map<string, LayerFacts>;
  readonly references: Map<string, Naming>;
  /** What steps of builds came to, by key. */
  readonly cache: Map<string, CacheEntry>;
  readonly problems: readonly string[];
}

const DIGEST = /^sha256:[a-f0-9]{64}$/;

export async function writeRecord(layout: Layout, record: ImageRecord): Promise<void> {
  await writeJson(join(layout.records, `${hexOf(record.id)}.json`), record);
}

export async function removeRecord(layout: Layout, id: string): Promise<void> {
  await rm(join(layout.records, `${hexOf(id)}.json`), { force: true });
  await syncFolder(layout.records);
}

function referenceFile(layout: Layout, reference: string): string {
  return join(layout.references, `${hexOf(digestOf(reference))}.json`);
}

export async function writeReference(layout: Layout, reference: string, naming: Naming): Promise<void> {
  await writeJson(referenceFile(layout, reference), { reference, ...naming });
}

export async function removeReference(layout: Layout, reference: string): Promise<void> {
  await rm(referenceFile(layout, reference), { force: true });
  await syncFolder(layout.references);
}

/**
 * An image from its record: reads and checks the configuration. `layers` gains those of its layers that it lacks, which
 * are looked at. Throws image.invalid, and what readLayer throws.
 */
export async function loadImage(
  layout: Layout,
  record: ImageRecord,
  layers: Map<string, LayerFacts>,
): Promise<StoredImage> {
  const configuration = await readBlob(layout, record.id);
  const { createdAt, diffIds, config } = parseConfiguration(configuration);
  for (const diffId of diffIds) if (!layers.has(diffId)) layers.set(diffId, await readLayer(layout, diffId));
  return {
    record,
    diffIds,
    image: {
      id: record.id,
      references: [],
      digests: [],
      createdAt,
      platform: configurationPlatform(configuration),
      sizeBytes: diffIds.reduce((sum, diffId) => sum + (layers.get(diffId)?.bytes ?? 0), 0),
      layers: diffIds.map((diffId) => layerFolder(layout, diffId)).toReversed(),
      config,
      hostMounts: [],
    },
  };
}

/** Reads the whole store. What is damaged is left out and named in `problems`, so that the rest stays usable. */
export async function readContents(layout: Layout): Promise<Contents> {
  const images = new Map<string, StoredImage>();
  const layers = new Map<string, LayerFacts>();
  const references = new Map<string, Naming>();
  const problems: string[] = [];
  for (const name of await namesIn(layout.records)) {
    if (!name.endsWith(".json")) continue;
    try {
      const record = asRecord(await readJson(join(layout.records, name)));
      images.set(record.id, await loadImage(layout, record, layers));
    } catch (error) {
      problems.push(`image ${name.slice(0, 12)} cannot be used: ${messageOf(error)}`);
    }
  }
  for (const name of await namesIn(layout.references)) {
    if (!name.endsWith(".json")) continue;
    try {
      const { reference, ...naming } = asReference(await readJson(join(layout.references, name)));
      if (images.has(naming.id)) references.set(reference, naming);
      else problems.push(`${reference} names an image that is not there`);
    } catch (error) {
      problems.push(`reference ${name} cannot be used: ${messageOf(error)}`);
    }
  }
  const cache = await readCacheEntries(layout);
  for (const { key, diffId } of cache.values()) {
    if (diffId === undefined || layers.has(diffId)) continue;
    const facts = await readLayer(layout, diffId).catch(() => undefined);
    if (facts !== undefined) layers.set(diffId, facts);
    else {
      cache.delete(key);
      await removeCacheEntry(layout, key);
    }
  }
  return { images, layers, references, cache, problems };
}

function asRecord(value: unknown): ImageRecord {
  const { id, manifest } = value as Partial<ImageRecord>;
  if (!DIGEST.test(id ?? "") || !DIGEST.test(manifest ?? "")) {
    throw new Error("its record is damaged");
  }
  return value as ImageRecord;
}

function asReference(value: unknown): Naming & { readonly reference: string } {
  const { reference, id, checkedAt } = value as Readonly<Record<string, unknown>>;
  if (typeof reference !== "string" || typeof id !== "string") throw new Error("it is damaged");
  const name = formatReference(parseReference(reference));
  return { reference: name, id, ...(typeof checkedAt === "number" ? { checkedAt } : {}) };
}
