import { GantryError } from "../../error.ts";

/** An object of the profile whose keys have been checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What is wrong with a profile, and where: `syscalls[2].args[0].op`. */
export function invalid(path: string, problem: string): GantryError {
  return new GantryError("spec.invalid", `seccomp profile: ${path === "" ? "" : `${path}: `}${problem}`, {
    next: "compare it with docker's format, moby/profiles seccomp/default.json",
  });
}

/** An unknown key is refused: a misspelt `excludes` would otherwise open what its writer meant to close. */
export function objectAt(value: unknown, path: string, keys: readonly string[]): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(path, `an object is needed here, this is ${kindOf(value)}`);
  for (const key of Object.keys(value))
    if (!keys.includes(key))
      throw invalid(path, `${JSON.stringify(key)} is no key of this; those are ${keys.join(", ")}`);
  return value as JsonObject;
}

/** Absent and null both mean none, as with Go's decoder. */
export function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(path, `a list is needed here, this is ${kindOf(value)}`);
  return value as unknown[];
}

export function stringsAt(value: unknown, path: string): readonly string[] {
  return arrayAt(value, path).map((item, index) => stringAt(item, `${path}[${index}]`));
}

export function stringAt(value: unknown, path: string): string {
  if (typeof value !== "string") throw invalid(path, `a string is needed here, this is ${kindOf(value)}`);
  return value;
}

/** The entry of a table that a string names. */
export function choiceAt<T>(value: unknown, path: string, table: Readonly<Record<string, T>>): T {
  const name = stringAt(value, path);
  const choice = Object.hasOwn(table, name) ? table[name] : undefined;
  if (choice === undefined)
    throw invalid(path, `${JSON.stringify(name)} is not one of ${Object.keys(table).join(", ")}`);
  return choice;
}

export function integerAt(value: unknown, path: string, greatest: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > greatest)
    throw invalid(path, `a whole number from 0 to ${greatest} is needed here`);
  return value;
}

/**
 * 64 unsigned bits. JSON.parse rounds numbers above 2^53, and a rounded number in a filter is a hole, so those are
 * refused; as a string of digits (or a bigint, from a parser that keeps them) they are exact.
 */
export function unsigned64At(value: unknown, path: string): bigint {
  const exact =
    typeof value === "bigint" ||
    (typeof value === "number" && Number.isSafeInteger(value)) ||
    (typeof value === "string" && /^(\d{1,20}|0x[0-9a-f]{1,16})$/i.test(value));
  const number = exact ? BigInt(value) : -1n;
  if (number < 0n || number >= 1n << 64n)
    throw invalid(path, "an unsigned number of 64 bits is needed here; above 2^53 write it as a string");
  return number;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
