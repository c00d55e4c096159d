import { GantryError } from "../error.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads JSON that anybody may have written, part by part; every complaint says where in which document. Throws
 * image.invalid.
 */
export class JsonShape {
  readonly #what: string;

  /** `what` as it reads in a message: `the image's configuration`. */
  constructor(what: string) {
    this.#what = what;
  }

  parse(text: string): JsonObject {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      throw new GantryError("image.invalid", `${this.#what} is not JSON`, { cause });
    }
    return this.object(json, "it");
  }

  wrong(where: string, wanted: string): GantryError {
    return new GantryError("image.invalid", `${this.#what} is broken: ${where} is not ${wanted}`);
  }

  object(value: unknown, where: string): JsonObject {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw this.wrong(where, "an object");
    return value as JsonObject;
  }

  /** An object; empty when absent or null. */
  optionalObject(value: unknown, where: string): JsonObject {
    return this.object(value ?? {}, where);
  }

  list(value: unknown, where: string): readonly unknown[] {
    if (!Array.isArray(value)) throw this.wrong(where, "a list");
    return value as readonly unknown[];
  }

  text(value: unknown, where: string): string {
    if (typeof value !== "string" || value.includes("\0")) throw this.wrong(where, "a string");
    return value;
  }

  /** Undefined when absent or null. */
  optionalText(value: unknown, where: string): string | undefined {
    return value === undefined || value === null ? undefined : this.text(value, where);
  }

  optionalTexts(value: unknown, where: string): readonly string[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw this.wrong(where, "a list of strings");
    return value.map((item: unknown) => this.text(item, where));
  }

  /** A whole number from 0 on. */
  count(value: unknown, where: string): number {
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.wrong(where, "a whole number");
    return value as number;
  }

  optionalCount(value: unknown, where: string): number | undefined {
    return value === undefined || value === null ? undefined : this.count(value, where);
  }

  /** `sha256:` and 64 hexadecimal digits: it becomes a file's name, so nothing else passes. */
  digest(value: unknown, where: string): string {
    if (typeof value !== "string" || !/^sha256:[a-f0-9]{64}$/.test(value))
      throw this.wrong(where, "a sha256 digest");
    return value;
  }
}
