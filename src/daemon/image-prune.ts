import type { Image } from "../image/image.ts";
import type { ImageRemoval } from "../image/image.ts";
import type { ImageStore } from "../image/store.ts";
import type { PruneOptions, Pruned } from "./engine.ts";
import { imageUsage } from "./image-usage.ts";

/** Removes images that no container uses and the options mean. */
export async function pruneImages(
  images: ImageStore,
  usedBy: (id: string) => number,
  options: PruneOptions,
): Promise<Pruned> {
  const before = (await imageUsage(images)).totalBytes;
  const removed: ImageRemoval[] = [];
  for (const image of await images.list()) {
    if (!isMeant(image, options) || usedBy(image.id) > 0) continue;
    removed.push(...(await images.remove(image.id, { force: true, usedBy })));
  }
  return { removed, reclaimedBytes: Math.max(0, before - (await imageUsage(images)).totalBytes) };
}

function isMeant(image: Image, { all, until, labels, notLabels }: PruneOptions): boolean {
  const { id, references, digests, createdAt, config } = image;
  const has = (wanted: string): boolean => {
    const [key = "", value] = wanted.split(/=(.*)/s);
    return Object.hasOwn(config.labels, key) && (value === undefined || config.labels[key] === value);
  };
  return (
    id !== "host" &&
    (all || (references.length === 0 && digests.length === 0)) &&
    (until === undefined || createdAt < until) &&
    labels.every(has) &&
    !notLabels.some(has)
  );
}
