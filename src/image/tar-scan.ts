/** A member of an archive as far as its headers say; its data is passed over. */
export interface ScannedMember {
  /** Without slashes around it and `./` before it. */
  readonly path: string;
  /** Of its PAX header. */
  readonly records: ReadonlyMap<string, Uint8Array>;
}

const BLOCK = 512;
/** As the applier has it: bytes of one extended header. */
const LONGEST_EXTENSION = 1024 * 1024;

/**
 * The members of an archive that the applier has taken, and so is sound (ustar, GNU's long names, PAX; tar(5)). What it does
 * not understand ends it.
 */
export async function* scanTar(body: AsyncIterable<Uint8Array>): AsyncGenerator<ScannedMember> {
  const reader = new BlockReader(body);
  let name: string | undefined;
  let records = new Map<string, Uint8Array>();
  for (;;) {
    const header = await reader.take(BLOCK);
    if (header === undefined || header[0] === 0) return;
    const type = String.fromCharCode(header[156] ?? 0);
    const size = numberAt(header, 124, 12, records.get("size"));
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    if (type === "x" || type === "L" || type === "g") {
      if (size > LONGEST_EXTENSION) return;
      const data = (await reader.take(padded))?.subarray(0, size);
      if (data === undefined) return;
      if (type === "x") records = parseRecords(data);
      if (type === "L") name = textOf(data);
      continue;
    }
    await reader.skip(type === "K" || hasData(type) ? padded : 0);
    if (type === "K") continue;
    const written = records.get("path");
    const path = written === undefined ? (name ?? ustarName(header)) : Buffer.from(written).toString("utf8");
    yield { path: path.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, ""), records };
    name = undefined;
    records = new Map();
  }
}

function hasData(type: string): boolean {
  return !"123456".includes(type);
}

function ustarName(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const isUstar = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

/** Octal, or base 256 (GNU), unless a PAX record says otherwise. */
function numberAt(header: Buffer, at: number, bytes: number, record: Uint8Array | undefined): number {
  if (record !== undefined) return Number(Buffer.from(record).toString("latin1"));
  if (((header[at] ?? 0) & 0x80) !== 0) return Number(header.readBigUInt64BE(at + bytes - 8));
  return parseInt(
    header
      .toString("latin1", at, at + bytes)
      .replace(/[\0 ]+$/, "")
      .trim() || "0",
    8,
  );
}

function parseRecords(data: Buffer): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString("latin1", at, space));
    if (space < 0 || !Number.isInteger(length) || length <= 0) break;
    const equals = data.indexOf(0x3d, space);
    if (equals < 0 || equals >= at + length) break;
    records.set(data.toString("utf8", space + 1, equals), data.subarray(equals + 1, at + length - 1));
    at += length;
  }
  return records;
}

/** Cuts a stream of bytes where it is told to. */
class BlockReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#source = body[Symbol.asyncIterator]();
  }

  /** So many bytes; undefined when there are no more. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#rest.length < length) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#rest = Buffer.concat([this.#rest, next.value]);
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  async skip(length: number): Promise<void> {
    let left = length;
    for (;;) {
      const here = Math.min(left, this.#rest.length);
      this.#rest = this.#rest.subarray(here);
      left -= here;
      if (left === 0) return;
      const next = await this.#source.next();
      if (next.done === true) return;
      this.#rest = Buffer.from(next.value);
    }
  }
}
