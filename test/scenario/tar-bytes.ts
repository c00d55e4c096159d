import { Buffer } from "node:buffer";

/** One entry of an archive made byte by byte, so that it can be as wrong as a test wants. */
export interface TarEntry {
  /** At most 100 bytes; longer ones need a PAX or GNU header before. */
  readonly name: string | Buffer;
  /** The type flag: "0" a file (the default), "1" hard link, "2" symbolic link, "3" char, "5" folder, "x" PAX ... */
  readonly type?: string;
  readonly link?: string;
  readonly data?: string | Buffer;
  /** What the header says the size is, where that is not the data's. */
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
  /** Called with the block before its checksum is made. */
  readonly patch?: (header: Buffer) => void;
}

const BLOCK = 512;

function octal(header: Buffer, value: number, offset: number, length: number): void {
  if (value < 0 || value >= 8 ** (length - 1)) {
    header.writeBigInt64BE(BigInt(value), offset + length - 8);
    header[offset] = 0x80;
  } else {
    header.write(value.toString(8).padStart(length - 1, "0"), offset, "latin1");
  }
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);
}

/** A ustar header and its data, padded. */
export function tarEntry(entry: TarEntry): Buffer {
  const data = Buffer.from(entry.data ?? "");
  const header = Buffer.alloc(BLOCK);
  const type = entry.type ?? "0";
  Buffer.from(entry.name).copy(header, 0);
  octal(header, entry.mode ?? (type === "5" ? 0o755 : 0o644), 100, 8);
  octal(header, entry.uid ?? 0, 108, 8);
  octal(header, entry.gid ?? 0, 116, 8);
  octal(header, entry.size ?? data.length, 124, 12);
  octal(header, entry.mtime ?? 1_700_000_000, 136, 12);
  header.write(type, 156, "latin1");
  header.write(entry.link ?? "", 157, "utf8");
  header.write("ustar\x0000", 257, "latin1");
  octal(header, entry.major ?? 0, 329, 8);
  octal(header, entry.minor ?? 0, 337, 8);
  entry.patch?.(header);
  header.fill(" ", 148, 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
    "latin1",
  );
  return Buffer.concat([header, padded(data)]);
}

/** A PAX header for the entry after it. */
export function paxHeader(records: readonly (readonly [string, string | Buffer])[], type = "x"): Buffer {
  const lines = records.map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from("\n")]);
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return Buffer.concat([Buffer.from(String(length)), rest]);
  });
  return tarEntry({ name: "PaxHeaders/x", type, data: Buffer.concat(lines) });
}

export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK);

/** An archive of these entries, with its end marker. */
export function tarOf(...entries: readonly (TarEntry | Buffer)[]): Buffer {
  return Buffer.concat([...entries.map((e) => (Buffer.isBuffer(e) ? e : tarEntry(e))), END_OF_ARCHIVE]);
}
