const NLM_F_REQUEST = 0x001;
const NLM_F_ACK = 0x004;
const NLA_F_NESTED = 0x8000;

/** Flags of requests that make something (netlink(7)). */
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

/**
 * Writes rtnetlink requests (netlink(7), rtnetlink(7)) one after the other, each asking for an acknowledgement, to be
 * sent in one go. Little-endian, as every machine gantry runs on.
 */
export class RequestWriter {
  readonly #bytes: number[] = [];
  #sequence = 0;

  /** Begins a request, writes its family header, lets `body` add attributes, and fills in the length. */
  request(type: number, flags: number, header: Uint8Array, body: () => void = () => undefined): void {
    const start = this.#bytes.length;
    this.#sequence += 1;
    this.#bytes.push(...integer(0, 4), ...integer(type, 2), ...integer(flags | NLM_F_REQUEST | NLM_F_ACK, 2));
    this.#bytes.push(...integer(this.#sequence, 4), ...integer(0, 4), ...header);
    this.#align();
    body();
    this.#patch(start, integer(this.#bytes.length - start, 4));
  }

  /** Adds an attribute. Returns where its value begins, in bytes from the start of everything. */
  attribute(type: number, value: Uint8Array): number {
    this.#bytes.push(...integer(4 + value.length, 2), ...integer(type, 2));
    const offset = this.#bytes.length;
    this.#bytes.push(...value);
    this.#align();
    return offset;
  }

  /** Adds an attribute made of a plain structure, if any, and the attributes that `body` adds. */
  nested(type: number, body: () => void, plain: Uint8Array = new Uint8Array()): void {
    const start = this.#bytes.length;
    this.#bytes.push(...integer(0, 2), ...integer(type | NLA_F_NESTED, 2), ...plain);
    this.#align();
    body();
    this.#patch(start, integer(this.#bytes.length - start, 2));
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** Everything starts at a multiple of four (NLMSG_ALIGNTO, NLA_ALIGNTO). */
  #align(): void {
    while (this.#bytes.length % 4 !== 0) this.#bytes.push(0);
  }

  #patch(offset: number, value: Uint8Array): void {
    value.forEach((byte, index) => (this.#bytes[offset + index] = byte));
  }
}

/** An unsigned integer of 1, 2 or 4 bytes, little-endian. */
export function integer(value: number, size: 1 | 2 | 4): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => value >>> (8 * index));
}

/** A string with its terminating zero. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

/** Bytes one after the other, for the headers of the families. */
export function structure(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
