import { lstatSync, rmdirSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path/posix";

/** Where the runtime itself mounts something: nothing is made there in the container's layer. */
const NEVER = ["/dev", "/proc", "/sys"];

/**
 * Of the places that are mounted over, and the folders above them, those that no layer has: the runtime makes them to mount on,
 * and no step asked for them. Deepest first; absolute paths inside.
 */
export function missingPlaces(layers: readonly string[], targets: readonly string[]): readonly string[] {
  const missing = new Set<string>();
  for (const target of targets) {
    if (NEVER.some((folder) => `${target}/`.startsWith(`${folder}/`))) continue;
    for (let path = target; path !== "/"; path = dirname(path))
      if (!layers.some((layer) => isThere(layer, path))) missing.add(path);
  }
  return [...missing].sort((a, b) => b.length - a.length);
}

/** Removes such places from the layer a step has written, as far as they are still empty. */
export function removePlaces(upper: string, places: readonly string[]): void {
  for (const path of places) {
    if (!isThere(upper, path)) continue;
    const place = join(upper, path);
    const stat = lstatSync(place);
    try {
      if (stat.isDirectory()) rmdirSync(place);
      else if (stat.isFile() && stat.size === 0) unlinkSync(place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
    }
  }
}

/** Whether a folder has something at a path; not through links, which whoever made them may have pointed anywhere. */
function isThere(folder: string, path: string): boolean {
  const parts = path.split("/").filter(Boolean);
  return parts.every((_, index) => {
    const stat = lstatSync(join(folder, ...parts.slice(0, index + 1)), { throwIfNoEntry: false });
    return stat !== undefined && (index === parts.length - 1 || stat.isDirectory());
  });
}
