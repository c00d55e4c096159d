import type { ImageStore } from "../image/store.ts";
import type { ImageUsage } from "./engine.ts";

/** What images take on the disk, and what of it they share. */
export async function imageUsage(images: ImageStore): Promise<ImageUsage> {
  const all = (await images.list()).filter(({ id }) => id !== "host");
  const owners = new Map<string, number>();
  for (const { id } of all)
    for (const diffId of new Set(images.diffIds(id))) owners.set(diffId, (owners.get(diffId) ?? 0) + 1);
  const bytesOf = (diffId: string): number => {
    const facts = images.layer(diffId);
    return facts === undefined ? 0 : facts.bytes + facts.blob.size;
  };
  const sum = (diffIds: Iterable<string>): number =>
    [...diffIds].reduce((total, diffId) => total + bytesOf(diffId), 0);
  return {
    totalBytes: sum(owners.keys()),
    images: new Map(
      all.map(({ id }) => {
        const own = [...new Set(images.diffIds(id))];
        const shared = own.filter((diffId) => (owners.get(diffId) ?? 0) > 1);
        return [id, { sizeBytes: sum(own), sharedBytes: sum(shared) }];
      }),
    ),
  };
}
