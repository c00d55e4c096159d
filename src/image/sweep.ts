import { rm } from "node:fs/promises";
import { join } from "node:path";
import { hexOf, namesIn, removeTree, retireFolder } from "./layout.ts";
import type { Layout } from "./layout.ts";
import type { Contents } from "./records.ts";

/**
 * Removes what a crash left: temporary folders and files, and layers and blobs that no image owns. Only safe while
 * nothing imports. When an image could not be read nothing that it may own is touched.
 */
export async function sweep(layout: Layout, contents: Contents): Promise<void> {
  const damaged = contents.problems.length > 0;
  const layers = new Set<string>();
  const blobs = new Set<string>();
  for (const { record } of contents.images.values()) blobs.add(hexOf(record.id)).add(hexOf(record.manifest));
  for (const [diffId, { blob }] of contents.layers) {
    layers.add(hexOf(diffId));
    blobs.add(hexOf(blob.digest));
  }
  for (const name of await namesIn(layout.layers)) {
    if (name.startsWith(".tmp-")) await removeTree(join(layout.layers, name));
    else if (!damaged && !layers.has(name)) {
      const retired = await retireFolder(name, layout.layers);
      if (retired !== undefined) await removeTree(retired);
    }
  }
  for (const folder of [layout.blobs, layout.records, layout.references, layout.buildCache]) {
    for (const name of await namesIn(folder)) {
      const orphan = folder === layout.blobs && !damaged && !blobs.has(name);
      if (name.endsWith(".tmp") || orphan) await rm(join(folder, name), { force: true });
    }
  }
}
