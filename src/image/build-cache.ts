import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readJson, writeJson } from "../host/durable.ts";
import { hexOf, namesIn, type Layout } from "./layout.ts";
import type { LayerFacts, StagedLayer } from "./layer.ts";

/** What a step of a build came to: `<key>.json` below images/build-cache/. It owns its layer as an image does. */
export interface CacheEntry {
  /** 64 hexadecimal digits that stand for everything the result depends on. */
  readonly key: string;
  /** The layer the step made; absent when it changed no file. */
  readonly diffId?: string;
  /** ms since the epoch. */
  readonly createdAt: number;
}

/** What a running build sees of the cache. Layers it has met stay until it is closed, whoever else lets go of them. */
export interface BuildSession {
  find(key: string): CacheEntry | undefined;
  /** Publishes a layer and remembers it under the key; durable once this resolves. A staged layer is used up. */
  keep(key: string, layer: StagedLayer | string | undefined): Promise<CacheEntry>;
  /** Keeps layers of an image in the store from going. */
  hold(diffIds: readonly string[]): void;
  close(): Promise<void>;
}

interface Organs {
  readonly layout: Layout;
  readonly inTurn: <T>(task: () => Promise<T>) => Promise<T>;
  readonly publish: (layer: StagedLayer) => Promise<void>;
  /** Removes a layer that neither an image nor this cache owns. */
  readonly release: (diffId: string) => Promise<void>;
  readonly layer: (diffId: string) => LayerFacts | undefined;
}

const KEY = /^[0-9a-f]{64}$/;

/** The cache of one store's builds. */
export class BuildCache {
  readonly #organs: Organs;
  readonly #entries: Map<string, CacheEntry>;
  readonly #held = new Set<Set<string>>();

  constructor(entries: Map<string, CacheEntry>, organs: Organs) {
    this.#entries = entries;
    this.#organs = organs;
  }

  /** Whether an entry or a running build needs a layer. */
  owns(diffId: string): boolean {
    for (const held of this.#held) if (held.has(diffId)) return true;
    for (const entry of this.#entries.values()) if (entry.diffId === diffId) return true;
    return false;
  }

  open(): BuildSession {
    const { inTurn, publish, layout, release } = this.#organs;
    const held = new Set<string>();
    this.#held.add(held);
    return {
      find: (key) => {
        const entry = this.#entries.get(key);
        if (entry?.diffId !== undefined) held.add(entry.diffId);
        return entry;
      },
      keep: async (key, layer) =>
        await inTurn(async () => {
          if (layer !== undefined && typeof layer !== "string") await publish(layer);
          const diffId = typeof layer === "string" ? layer : layer?.diffId;
          const entry = { key, ...(diffId === undefined ? {} : { diffId }), createdAt: Date.now() };
          if (diffId !== undefined) held.add(diffId);
          await writeJson(fileOf(layout, key), entry);
          this.#entries.set(key, entry);
          return entry;
        }),
      hold: (diffIds) => {
        for (const diffId of diffIds) held.add(diffId);
      },
      close: async () => {
        this.#held.delete(held);
        await inTurn(async () => {
          for (const diffId of held) if (!this.owns(diffId)) await release(diffId);
        });
      },
    };
  }

  /** Forgets what no running build needs and was made before a time in ms since the epoch. */
  async prune(
    before: number,
  ): Promise<{ readonly removed: readonly string[]; readonly reclaimedBytes: number }> {
    const { inTurn, layout, release, layer } = this.#organs;
    return await inTurn(async () => {
      const removed: string[] = [];
      let reclaimedBytes = 0;
      for (const { key, diffId, createdAt } of this.#entries.values()) {
        const busy = diffId !== undefined && [...this.#held].some((held) => held.has(diffId));
        if (createdAt >= before || busy) continue;
        await rm(fileOf(layout, key), { force: true });
        this.#entries.delete(key);
        removed.push(key);
        if (diffId === undefined || this.owns(diffId)) continue;
        const facts = layer(diffId);
        await release(diffId);
        if (facts !== undefined && layer(diffId) === undefined)
          reclaimedBytes += facts.bytes + facts.blob.size;
      }
      return { removed, reclaimedBytes };
    });
  }
}

/** Every entry on the disk. What cannot be read is none: it costs a step being done again. */
export async function readCacheEntries(layout: Layout): Promise<Map<string, CacheEntry>> {
  const entries = new Map<string, CacheEntry>();
  for (const name of await namesIn(layout.buildCache)) {
    const value = await readJson(join(layout.buildCache, name)).catch(() => undefined);
    const { key, diffId, createdAt } = (value ?? {}) as Partial<CacheEntry>;
    const sound =
      typeof key === "string" &&
      KEY.test(key) &&
      name === `${key}.json` &&
      typeof createdAt === "number" &&
      (diffId === undefined || KEY.test(hexOf(diffId)));
    if (sound) entries.set(key, { key, createdAt, ...(diffId === undefined ? {} : { diffId }) });
  }
  return entries;
}

/** Forgets an entry whose layer is gone. */
export async function removeCacheEntry(layout: Layout, key: string): Promise<void> {
  await rm(fileOf(layout, key), { force: true });
}

function fileOf(layout: Layout, key: string): string {
  return join(layout.buildCache, `${key}.json`);
}
