import { type Arguments, OPERATIONS, type OperationName } from "./operation.ts";

const MAGIC = [0x47, 0x50, 0x4c, 0x41, 0x4e, 0, 0, 1];

/**
 * Writes a launch plan: 8 bytes of magic, u32 count, then for each operation u16 code, u16 argument count and for
 * each argument u32 length, the bytes, and one to four NULs up to the next multiple of four.
 */
export class PlanWriter {
  #buffer = Buffer.allocUnsafe(8192);
  #length = 12;
  #count = 0;

  add<K extends OperationName>(name: K, ...values: Arguments<(typeof OPERATIONS)[K][1]>): this {
    const [code, form] = OPERATIONS[name];
    this.#reserve(4);
    this.#buffer.writeUInt16LE(code, this.#length);
    this.#buffer.writeUInt16LE(form.length, this.#length + 2);
    this.#length += 4;
    for (const value of values as readonly (number | bigint | string | Uint8Array)[]) this.#argument(value);
    this.#count += 1;
    return this;
  }

  /** The finished plan. */
  bytes(): Uint8Array {
    Buffer.from(MAGIC).copy(this.#buffer);
    this.#buffer.writeUInt32LE(this.#count, 8);
    return this.#buffer.subarray(0, this.#length);
  }

  #argument(value: number | bigint | string | Uint8Array): void {
    const size =
      typeof value === "string" ? Buffer.byteLength(value) : typeof value === "object" ? value.length : 8;
    const padded = (size + 4) & ~3;
    this.#reserve(4 + padded);
    this.#buffer.writeUInt32LE(size, this.#length);
    const at = this.#length + 4;
    if (typeof value === "string") this.#buffer.write(value, at);
    else if (typeof value === "object") this.#buffer.set(value, at);
    else this.#integer(value, at);
    this.#buffer.fill(0, at + size, at + padded);
    this.#length = at + padded;
  }

  /** Nearly all fit into 32 bits: that is several times faster than going through a BigInt. */
  #integer(value: number | bigint, at: number): void {
    if (typeof value === "number" && (value | 0) === value) {
      this.#buffer.writeInt32LE(value, at);
      this.#buffer.writeInt32LE(value < 0 ? -1 : 0, at + 4);
    } else this.#buffer.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), at);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** argv or environment: each string ends in NUL. Throws RangeError for a string that holds one itself. */
export function stringRun(strings: readonly string[]): string {
  for (const text of strings) if (text.includes("\0")) throw new RangeError("a string holds a NUL");
  return strings.map((text) => `${text}\0`).join("");
}
