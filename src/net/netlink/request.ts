const NLM_F_REQUEST = 0x001;
const NLM_F_ACK = 0x004;
const NLA_F_NESTED = 0x8000;

/** Flags of requests that make something (netlink(7)). */
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

/**
 * Writes rtnetlink requests (netlink(7), rtnetlink(7)) one after the other, each asking for an acknowledgement, to be
 * sent in one go. Little-endian, as every machine gantry runs on. A container's start waits for this: one buffer.
 */
export class RequestWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #sequence = 0;

  /** Begins a request, writes its family header, lets `body` add attributes, and fills in the length. */
  request(type: number, flags: number, header: Uint8Array, body?: () => void): void {
    const start = this.#grow(16);
    this.#sequence += 1;
    this.#view.setUint16(start + 4, type, true);
    this.#view.setUint16(start + 6, flags | NLM_F_REQUEST | NLM_F_ACK, true);
    this.#view.setUint32(start + 8, this.#sequence, true);
    this.#append(header);
    body?.();
    this.#view.setUint32(start, this.#length - start, true);
  }

  /** Adds an attribute. Returns where its value begins, in bytes from the start of everything. */
  attribute(type: number, value: Uint8Array): number {
    const start = this.#grow(4);
    this.#view.setUint16(start, 4 + value.length, true);
    this.#view.setUint16(start + 2, type, true);
    this.#append(value);
    return start + 4;
  }

  /** Adds an attribute made of a plain structure, if any, and the attributes that `body` adds. */
  nested(type: number, body: () => void, plain?: Uint8Array): void {
    const start = this.#grow(4);
    this.#view.setUint16(start + 2, type | NLA_F_NESTED, true);
    if (plain !== undefined) this.#append(plain);
    body();
    this.#view.setUint16(start, this.#length - start, true);
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Everything starts at a multiple of four (NLMSG_ALIGNTO, NLA_ALIGNTO); what lies between is zero. */
  #append(part: Uint8Array): void {
    const start = this.#grow((part.length + 3) & ~3);
    this.#bytes.set(part, start);
  }

  /** Room for so many zero bytes more. Returns where they begin. */
  #grow(size: number): number {
    const start = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(this.#length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}

/** An unsigned integer of 1, 2 or 4 bytes, little-endian. */
export function integer(value: number, size: 1 | 2 | 4): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[index] = value >>> (8 * index);
  return bytes;
}

/** A string with its terminating zero. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

/** Bytes one after the other, for the headers of the families. */
export function structure(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
