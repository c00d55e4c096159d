import { GantryError } from "../../error.ts";
import { InvalidValue } from "../../spec/report.ts";

/** Reads a flag's value as the spec's readers do. Throws request.invalid that names the flag. */
export function read<T>(flag: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidValue) throw wrong(flag, error.message);
    throw error;
  }
}

/** Throws request.invalid. */
export function integer(flag: string, text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw wrong(flag, `"${text}" is not a whole number`);
  return Number(text);
}

/** Throws request.invalid. */
export function decimal(flag: string, text: string): number {
  if (!/^\d+(\.\d+)?$|^\.\d+$/.test(text)) throw wrong(flag, `"${text}" is not a number`);
  return Number(text);
}

export function wrong(flag: string, why: string): GantryError {
  return new GantryError("request.invalid", `${flag}: ${why}`);
}

/** Without what says nothing: undefined, and empty lists and maps. */
export function compact(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value).filter(
      ([, one]) =>
        one !== undefined && !(typeof one === "object" && one !== null && Object.keys(one).length === 0),
    ),
  );
}
