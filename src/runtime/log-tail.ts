import type { LogFile } from "./log-files.ts";

/** Where to begin reading: a file of the list, and an offset in bytes at which a line begins. */
export interface LogPosition {
  readonly file: number;
  readonly offset: number;
}

const NEWLINE = 0x0a;
const BLOCK = 64 * 1024;

/**
 * Where the last `count` finished lines begin, found from the end, so that the cost is that of the lines wanted
 * and not of the log. With 0: the end of the last finished line.
 */
export async function tailPosition(files: readonly LogFile[], count: number): Promise<LogPosition> {
  const block = Buffer.allocUnsafe(BLOCK);
  // The newline before the first wanted line is the one to find. A file before the newest ends with a finished
  // line, or with a torn one that nobody will finish: it is passed over, as the reader does.
  let left = count + 1;
  for (let file = files.length - 1; file >= 0; file -= 1) {
    const { handle, size } = files[file] as LogFile;
    for (let end = size; end > 0;) {
      const start = Math.max(0, end - BLOCK);
      const { bytesRead } = await handle.read(block, 0, end - start, start);
      let at = bytesRead;
      while (at > 0 && (at = block.lastIndexOf(NEWLINE, at - 1)) >= 0) {
        left -= 1;
        if (left === 0) return { file, offset: start + at + 1 };
      }
      end = start;
    }
    // The beginning of an older file is no newline, but the line there begins anyway: nothing to count.
  }
  return { file: 0, offset: 0 };
}
