/** Frames of native/wire.h: u32 length of what follows, u32 tag, payload; little endian. */

export interface Frame {
  readonly tag: number;
  readonly payload: Buffer;
}

export function encodeFrame(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.allocUnsafe(8);
  head.writeUInt32LE(size + 4, 0);
  head.writeUInt32LE(tag, 4);
  return Buffer.concat([head, ...parts]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 8) {
      const size = this.#rest.readUInt32LE(0);
      if (this.#rest.length < size + 4) return;
      yield { tag: this.#rest.readUInt32LE(4), payload: this.#rest.subarray(8, size + 4) };
      this.#rest = this.#rest.subarray(size + 4);
    }
  }
}

/** Why a plan stopped: the index of the operation, its errno, and what it was about (`exec /bin/x`). */
export interface PlanFailure {
  readonly operation: number;
  readonly errno: number;
  readonly about: string;
}

/** Reads `struct failure`. */
export function decodeFailure(payload: Buffer): PlanFailure {
  const text = payload.subarray(8, 168);
  const end = text.indexOf(0);
  return {
    operation: payload.readUInt32LE(0),
    errno: payload.readInt32LE(4),
    about: text.subarray(0, end < 0 ? text.length : end).toString(),
  };
}
