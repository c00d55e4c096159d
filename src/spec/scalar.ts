import { InvalidValue } from "./report.ts";

/** Numbers and truth values may also come as text, since that is what `${VARIABLE}` leaves behind. */
export type Integer = number | string;

/** A whole number within bounds. Throws InvalidValue. */
export function readInteger(value: Integer, minimum: number, maximum: number): number {
  const number = typeof value === "number" ? value : /^[+-]?\d+$/.test(value.trim()) ? Number(value) : NaN;
  if (!Number.isInteger(number)) throw new InvalidValue(`expected a whole number, got "${value}"`);
  if (number < minimum || number > maximum)
    throw new InvalidValue(`expected a whole number from ${minimum} to ${maximum}, got ${value}`);
  return number;
}

/** `true` or `false`. Throws InvalidValue. */
export function readBoolean(value: boolean | string): boolean {
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw new InvalidValue(`expected true or false, got "${value}"`);
}
