import { Parser, type ReadEntry } from "tar";
import { GantryError } from "../error.ts";

/** What is at a path. */
export interface PathStatus {
  /** Its last component. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Of Go's `os.FileMode`: permissions, and a bit for the kind of file, as docker's API has it. */
  readonly mode: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
  /** Of a symbolic link; else empty. */
  readonly linkTarget: string;
}

/** Go's io/fs: ModeDir, ModeSymlink, ModeNamedPipe, ModeDevice, ModeCharDevice, ModeSetuid, ModeSetgid, ModeSticky. */
const KINDS: Readonly<Record<string, number>> = {
  Directory: 2 ** 31,
  SymbolicLink: 2 ** 27,
  FIFO: 2 ** 25,
  BlockDevice: 2 ** 26,
  CharacterDevice: 2 ** 26 + 2 ** 21,
};
const SPECIAL: readonly (readonly [number, number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** What the first entry of an archive says; the rest is not read. Throws what reading throws. */
export async function statusOfFirst(body: AsyncIterable<Uint8Array>): Promise<PathStatus> {
  let first: ReadEntry | undefined;
  const parser = new Parser({
    onReadEntry: (entry) => {
      first ??= entry;
      entry.resume();
    },
  });
  for await (const chunk of body) {
    parser.write(Buffer.from(chunk));
    if (first !== undefined) return statusOf(first);
  }
  throw new GantryError("internal", "an archive came without an entry");
}

function statusOf({ path, size, mode = 0, mtime, type, linkpath = "" }: ReadEntry): PathStatus {
  const special = SPECIAL.reduce((sum, [bit, go]) => sum + ((mode & bit) === 0 ? 0 : go), 0);
  return {
    name: path.replace(/\/$/, ""),
    size,
    mode: (mode & 0o777) + special + (KINDS[type] ?? 0),
    modifiedAt: mtime?.getTime() ?? 0,
    linkTarget: type === "SymbolicLink" ? linkpath : "",
  };
}
