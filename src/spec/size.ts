import { InvalidValue } from "./report.ts";

const SIZE = /^(\d+(?:\.\d+)?)\s*(?:([kmgtp])(?:i?b)?|b)?$/i;
const POWERS = ["k", "m", "g", "t", "p"];

/** Bytes from `1048576`, `512m`, `1.5GB`, `64kb`: units are powers of 1024, as docker has them. Throws InvalidValue. */
export function readBytes(value: number | string): number {
  const [, digits, unit] = SIZE.exec(String(value).trim()) ?? [];
  if (digits === undefined)
    throw new InvalidValue(`expected a size such as 512m, 1.5g or a number of bytes, got "${value}"`);
  const power = unit === undefined ? 0 : POWERS.indexOf(unit.toLowerCase()) + 1;
  const bytes = Math.round(Number(digits) * 1024 ** power);
  if (!Number.isSafeInteger(bytes)) throw new InvalidValue(`the size "${value}" is larger than any machine`);
  return bytes;
}
