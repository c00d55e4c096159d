import { OciError } from "./oci-error.ts";

/**
 * An object of a JSON document, read field by field. Names are matched as Go's decoder does, letter case aside, since
 * that is what bundles are written for; a value of another kind than asked for is an error that says where.
 */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly path: string;

  /** Throws OciError when `value` is no object. */
  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new OciError(`${path || "config.json"}: an object is needed here`);
    this.#object = value as Readonly<Record<string, unknown>>;
    this.path = path;
  }

  get(name: string): unknown {
    if (Object.hasOwn(this.#object, name)) return this.#object[name] ?? undefined;
    const key = Object.keys(this.#object).find((one) => one.toLowerCase() === name.toLowerCase());
    return key === undefined ? undefined : (this.#object[key] ?? undefined);
  }

  /** Empty when absent. */
  text(name: string): string {
    const value = this.get(name) ?? "";
    if (typeof value !== "string" || value.includes("\0")) throw this.#wrong(name, "a string without NUL");
    return value;
  }

  flag(name: string): boolean {
    const value = this.get(name) ?? false;
    if (typeof value !== "boolean") throw this.#wrong(name, "true or false");
    return value;
  }

  optionalFlag(name: string): boolean | undefined {
    return this.get(name) === undefined ? undefined : this.flag(name);
  }

  number(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isInteger(value)) throw this.#wrong(name, "a whole number");
    return value;
  }

  /** Not negative, and at most `greatest`. */
  unsigned(name: string, greatest = 0xffff_ffff): number | undefined {
    const value = this.number(name);
    if (value !== undefined && (value < 0 || value > greatest))
      throw this.#wrong(name, `a number from 0 to ${greatest}`);
    return value;
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((value) => {
      if (typeof value !== "string" || value.includes("\0")) throw this.#wrong(name, "strings without NUL");
      return value;
    });
  }

  list(name: string): readonly unknown[] {
    const value = this.get(name) ?? [];
    if (!Array.isArray(value)) throw this.#wrong(name, "a list");
    return value;
  }

  fields(name: string): Fields | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : new Fields(value, this.#at(name));
  }

  fieldsList(name: string): readonly Fields[] {
    return this.list(name).map((value, index) => new Fields(value, `${this.#at(name)}[${index}]`));
  }

  map(name: string): Readonly<Record<string, string>> {
    const object = this.fields(name);
    if (object === undefined) return {};
    return Object.fromEntries(Object.keys(object.#object).map((key) => [key, object.text(key)]));
  }

  #at(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  #wrong(name: string, needed: string): OciError {
    return new OciError(`${this.#at(name)}: ${needed} needed here`);
  }
}
