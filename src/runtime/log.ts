import { closeLogFiles, currentInode, openLogFiles, type LogFile } from "./log-files.ts";
import { parseRecord } from "./log-record.ts";
import { LogSplitter } from "./log-splitter.ts";
import { tailPosition } from "./log-tail.ts";
import { LogWake } from "./log-wake.ts";
import type { LogLine, LogOptions } from "./session.ts";

const CHUNK = 64 * 1024;

/**
 * Reads a container's log: `log`, `log.1`, `log.2`, ... in `folder`, oldest line first. Rotation by rename while
 * it reads neither loses nor repeats a line, unless the reader is so slow that a file it had not begun is gone.
 * Lines that are no records, and a torn last line, are passed over.
 *
 * Without `follow` it ends with what was there when it began; with it, once `exited` has settled and everything was
 * read, or quietly when the signal aborts. A folder that does not exist is an empty log. `since` has a resolution
 * of 1 ms. Throws what the file system throws.
 */
export async function* readLog(
  folder: string,
  options: LogOptions,
  exited: Promise<unknown>,
): AsyncGenerator<LogLine, void, undefined> {
  const { follow, tail, signal } = options;
  const since = Math.floor(options.since ?? 0);
  const wake = follow ? new LogWake(folder, exited, signal) : undefined;
  let files: LogFile[] = [];
  try {
    files = await openLogFiles(folder);
    const start = tail === undefined ? { file: 0, offset: 0 } : await tailPosition(files, tail);
    const cursor: Cursor = { offset: start.offset, splitter: new LogSplitter() };
    for (let passed = 0; passed < start.file; passed += 1) await closeOldest(files);
    while (files.length > 1 && endsBefore(files[0], since)) await nextFile(files, cursor);
    for (;;) {
      // Asked before reading: what was written before the exit is then read for certain.
      const last = wake === undefined || wake.exited;
      while (files[0] !== undefined) {
        const end = wake === undefined ? files[0].size : Infinity;
        yield* readOn(files[0], cursor, { end, since, signal });
        if (signal?.aborted === true) return;
        if (files.length === 1) break;
        await nextFile(files, cursor);
      }
      if (wake === undefined) return;
      // A file that was rotated away is read to its end once more, in the next round, before it is left.
      if (await appendNewer(folder, files)) continue;
      if (last) return;
      await wake.next();
      if (signal?.aborted === true) return;
    }
  } finally {
    wake?.close();
    await closeLogFiles(files);
  }
}

interface Cursor {
  /** Bytes of the current file that were read. */
  offset: number;
  readonly splitter: LogSplitter;
}

/** A file nobody writes to any more, and all of it too old. The kernel's file times lag by a tick or so. */
function endsBefore(file: LogFile | undefined, since: number): boolean {
  return file !== undefined && file.modifiedAt < since - 1000;
}

async function nextFile(files: LogFile[], cursor: Cursor): Promise<void> {
  await closeOldest(files);
  cursor.offset = 0;
  cursor.splitter.reset();
}

async function closeOldest(files: LogFile[]): Promise<void> {
  await files.shift()?.handle.close();
}

/** Yields what a file has beyond the cursor, up to `end`. */
async function* readOn(
  file: LogFile,
  cursor: Cursor,
  until: { readonly end: number; readonly since: number; readonly signal: AbortSignal | undefined },
): AsyncGenerator<LogLine, void, undefined> {
  while (cursor.offset < until.end && until.signal?.aborted !== true) {
    // A buffer of its own each time: the lines handed out point into it.
    const chunk = Buffer.allocUnsafe(CHUNK);
    const wanted = Math.min(CHUNK, until.end - cursor.offset);
    const { bytesRead } = await file.handle.read(chunk, 0, wanted, cursor.offset);
    if (bytesRead === 0) return;
    cursor.offset += bytesRead;
    for (const record of cursor.splitter.push(chunk.subarray(0, bytesRead))) {
      const line = parseRecord(record);
      if (line !== undefined && (until.since === 0 || Date.parse(line.time) >= until.since)) yield line;
    }
  }
}

/** Adds the files that came after the last one; says whether there were any. */
async function appendNewer(folder: string, files: LogFile[]): Promise<boolean> {
  const current = files.at(-1);
  const inode = await currentInode(folder);
  if (inode === undefined || inode === current?.inode) return false;
  const found = await openLogFiles(folder);
  // Not among them: it was rotated out altogether, and all of these came after it.
  const known = found.findIndex((file) => file.inode === current?.inode);
  const newer = found.slice(known + 1);
  await closeLogFiles(found.slice(0, known + 1));
  files.push(...newer);
  return newer.length > 0;
}
