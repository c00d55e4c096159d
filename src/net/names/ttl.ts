const HEADER_BYTES = 12;
const TYPE_OPT = 41;
const TYPE_SOA = 6;
const CODE_NO_SUCH_NAME = 3;

/** Where the times to live stand in an answer, and how long it may be kept. */
export interface Lifetime {
  /** Offsets in bytes of 32-bit seconds. */
  readonly offsets: readonly number[];
  /** Seconds; 0: not at all. */
  readonly seconds: number;
}

/**
 * How long an answer may be kept: the shortest time of its records; of one without (RFC 2308), what the zone's SOA says.
 * An answer that is cut off, an error, or not well-formed is not kept. It is walked by hand, since it is passed on as it
 * came, with what this version of us does not know.
 */
export function lifetimeOf(answer: Buffer): Lifetime {
  const NONE: Lifetime = { offsets: [], seconds: 0 };
  if (answer.length < HEADER_BYTES) return NONE;
  const truncated = (answer.readUInt8(2) & 0x02) !== 0;
  const code = answer.readUInt8(3) & 0x0f;
  if (truncated || (code !== 0 && code !== CODE_NO_SUCH_NAME)) return NONE;
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => answer.readUInt16BE(at));
  const offsets: number[] = [];
  let seconds = answers === 0 ? undefined : Infinity;
  try {
    let at = HEADER_BYTES;
    for (let i = 0; i < (questions ?? 0); i++) at = afterName(answer, at) + 4;
    for (let i = 0; i < (answers ?? 0) + (authorities ?? 0) + (additionals ?? 0); i++) {
      const start = afterName(answer, at);
      const type = answer.readUInt16BE(start);
      const length = answer.readUInt16BE(start + 8);
      at = start + 10 + length;
      if (at > answer.length) return NONE;
      if (type === TYPE_OPT) continue;
      const ttl = answer.readUInt32BE(start + 4);
      offsets.push(start + 4);
      if (i < (answers ?? 0)) seconds = Math.min(seconds ?? Infinity, ttl);
      else if (answers === 0 && type === TYPE_SOA) seconds = Math.min(ttl, answer.readUInt32BE(at - 4));
    }
  } catch {
    return NONE; // it ends in the middle of something
  }
  return { offsets, seconds: Number.isFinite(seconds) ? (seconds ?? 0) : 0 };
}

/** A copy with another id, in which so many seconds have passed. */
export function aged(answer: Buffer, { offsets }: Lifetime, id: number, seconds: number): Buffer {
  const copy = Buffer.from(answer);
  copy.writeUInt16BE(id, 0);
  for (const offset of offsets) copy.writeUInt32BE(Math.max(0, copy.readUInt32BE(offset) - seconds), offset);
  return copy;
}

/** Labels, then a zero or a pointer (RFC 1035 section 4.1.4), which is two bytes wherever it leads. Throws RangeError. */
function afterName(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const length = bytes.readUInt8(at);
    if (length >= 0xc0) return at + 2;
    at += length + 1;
    if (length === 0) return at;
  }
}
