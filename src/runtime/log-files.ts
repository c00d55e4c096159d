import { open, readdir, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

/** A file of a rotated log, held open so that renames do not matter and its inode number cannot be used again. */
export interface LogFile {
  readonly handle: FileHandle;
  readonly inode: bigint;
  /** Bytes when it was opened. */
  readonly size: number;
  /** Last write, ms since the epoch, when it was opened. */
  readonly modifiedAt: number;
}

const ATTEMPTS = 20;

/**
 * Opens `log`, `log.1`, `log.2`, ... of a folder; returns them oldest first. None when there is no log yet.
 *
 * The shim may rotate meanwhile (it renames the oldest first, `log` last, then makes a new `log`). Opening the newest
 * first can meet a file twice, never miss one; and when `log` is the same file at the end, the order is right too.
 */
export async function openLogFiles(folder: string): Promise<LogFile[]> {
  for (let attempt = 1; ; attempt += 1) {
    const newest = await currentInode(folder);
    const files = await openOnce(folder);
    if (newest === (await currentInode(folder)) || attempt === ATTEMPTS) return files;
    await closeLogFiles(files);
  }
}

export async function closeLogFiles(files: readonly LogFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.handle.close()));
}

/** The inode number of the file that is written to now; undefined while there is none. */
export async function currentInode(folder: string): Promise<bigint | undefined> {
  try {
    return (await stat(join(folder, "log"), { bigint: true })).ino;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function openOnce(folder: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  try {
    for (const name of await newestFirst(folder)) {
      const file = await openFile(join(folder, name));
      if (file === undefined) continue;
      if (files.some(({ inode }) => inode === file.inode)) await file.handle.close();
      else files.push(file);
    }
  } catch (error) {
    await closeLogFiles(files);
    throw error;
  }
  return files.toReversed();
}

async function newestFirst(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const highest = Math.max(0, ...names.map((name) => Number(/^log\.(\d{1,3})$/.exec(name)?.[1] ?? 0)));
  // One more than was seen: a rotation may be adding it.
  return ["log", ...Array.from({ length: highest + 1 }, (_, index) => `log.${index + 1}`)];
}

async function openFile(path: string): Promise<LogFile | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const { ino, size, mtimeMs } = await handle.stat({ bigint: true });
    return { handle, inode: ino, size: Number(size), modifiedAt: Number(mtimeMs) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
