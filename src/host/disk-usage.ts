import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Paths of one call: well below what a command line may hold. */
const BATCH = 200;

/**
 * Bytes that trees take on the disk, by path; 0 for what is not there. By du(1), since trees may hold a million files: a
 * walk of our own would keep the daemon busy.
 */
export async function diskUsage(paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>(paths.map((path) => [path, 0]));
  for (let at = 0; at < paths.length; at += BATCH) {
    const batch = paths.slice(at, at + BATCH);
    // It fails when a file goes away meanwhile, and has counted the rest all the same.
    const { stdout } = await promisify(execFile)("du", ["-s0", "-B1", "--", ...batch], {
      maxBuffer: 1 << 24,
    }).catch((error: unknown) => error as { readonly stdout?: string });
    for (const line of (stdout ?? "").split("\0")) {
      const [, bytes, path] = /^(\d+)\t(.*)$/s.exec(line) ?? [];
      if (path !== undefined && found.has(path)) found.set(path, Number(bytes));
    }
  }
  return found;
}
