const encoder = new TextEncoder();
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * 16 hexadecimal digits for any JSON value; equal for values that differ only in the order of keys or in
 * members that are undefined. FNV-1a is not made to withstand forgery, and need not: who writes the file could
 * at most hide a change from themselves. It is here because the planner may import nothing from node.
 */
export function hashValue(value: unknown): string {
  return fnv1a64(canonicalJson(value));
}

/** FNV-1a, 64 bit, over UTF-8. */
export function fnv1a64(text: string): string {
  // Two halves of 32 bits, and products of at most 26: BigInt, or floating point, would cost many times as much.
  let high = 0xcbf29ce4 | 0;
  let low = 0x84222325 | 0;
  const bytes = isAscii(text) ? undefined : encoder.encode(text);
  const length = bytes === undefined ? text.length : bytes.length;
  for (let index = 0; index < length; index++) {
    low ^= bytes === undefined ? text.charCodeAt(index) : (bytes[index] ?? 0);
    // The prime is 2^40 + 0x1b3.
    const bottom = (low & 0xffff) * 0x1b3;
    const top = (low >>> 16) * 0x1b3 + (bottom >>> 16);
    high = (Math.imul(high, 0x1b3) + (top >>> 16) + (low << 8)) | 0;
    low = (top << 16) | (bottom & 0xffff);
  }
  return hex(high) + hex(low);
}

/** JSON with sorted keys, which Array.sort does by code units. */
function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  const record = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const key of Object.keys(record).sort()) {
    const member = record[key];
    if (member !== undefined)
      text += `${text === "" ? "{" : ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** By table: Number's own conversion to a radix takes longer than the hash. */
function hex(word: number): string {
  return byteHex(word >>> 24) + byteHex(word >>> 16) + byteHex(word >>> 8) + byteHex(word);
}

function byteHex(word: number): string {
  return HEX[word & 0xff] ?? "";
}
