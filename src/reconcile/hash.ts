import { byText } from "./order.ts";

const encoder = new TextEncoder();

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
  // The state in two halves: BigInt would cost a hundred times as much.
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of encoder.encode(text)) {
    low = (low ^ byte) >>> 0;
    // The prime is 2^40 + 0x1b3. Every product and sum stays below 2^53.
    const product = low * 0x1b3;
    high = (high * 0x1b3 + Math.floor(product / 0x1_0000_0000) + ((low << 8) >>> 0)) % 0x1_0000_0000;
    low = product % 0x1_0000_0000;
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

/** JSON with sorted keys. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => byText(a, b))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}
