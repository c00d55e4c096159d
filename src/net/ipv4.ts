import { GantryError } from "../error.ts";

/** An IPv4 address as an unsigned 32-bit number, most significant octet first. */
export type Address = number;

/** A block of addresses. Bits of `base` beyond the prefix are zero. */
export interface Subnet {
  readonly base: Address;
  readonly prefix: number;
}

/** Strict dotted decimal: four octets, no leading zeros, nothing around them. Throws request.invalid. */
export function parseAddress(text: string): Address {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1) ?? [];
  const numbers = octets.map(Number);
  if (numbers.length !== 4 || numbers.some((octet, index) => octet > 255 || String(octet) !== octets[index]))
    throw new GantryError("request.invalid", `"${text}" is not an IPv4 address`);
  return numbers.reduce((address, octet) => address * 256 + octet, 0);
}

export function formatAddress(address: Address): string {
  return octetsOf(address).join(".");
}

/** The four bytes in network order. */
export function octetsOf(address: Address): Uint8Array {
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
}

/** `10.208.16.0/20`; bits beyond the prefix must be zero. Throws request.invalid. */
export function parseSubnet(text: string): Subnet {
  const [address = "", prefix = "", ...rest] = text.split("/");
  const subnet = { base: parseAddress(address), prefix: Number(prefix) };
  const fits = /^\d{1,2}$/.test(prefix) && subnet.prefix <= 32 && subnet.base % sizeOf(subnet) === 0;
  if (!fits || rest.length > 0) throw new GantryError("request.invalid", `"${text}" is not an IPv4 subnet`);
  return subnet;
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet.base)}/${subnet.prefix}`;
}

/** How many addresses it has, the first and the last included. */
export function sizeOf(subnet: Subnet): number {
  return 2 ** (32 - subnet.prefix);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a);
}
