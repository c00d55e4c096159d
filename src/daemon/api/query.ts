import type { FastifyRequest } from "fastify";
import { invalid } from "./errors.ts";

/** A request's query string, read strictly: a value given twice or of the wrong form is request.invalid. */
export class Query {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(request: Pick<FastifyRequest, "query">) {
    this.#values = request.query as Readonly<Record<string, unknown>>;
  }

  /** The value; undefined when it is absent or empty. */
  text(key: string): string | undefined {
    const value = this.#values[key];
    if (value === undefined || value === "") return undefined;
    if (typeof value !== "string") throw invalid(`query parameter ${key}: give it once`);
    return value;
  }

  /** Every value of a key that may be given several times. */
  texts(key: string): readonly string[] {
    const value = this.#values[key];
    if (value === undefined || value === "") return [];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.filter((one): one is string => typeof one === "string");
  }

  /** Docker's truth: absent, 0, no, false and none are false, anything else is true. */
  flag(key: string): boolean {
    return !["", "0", "no", "false", "none"].includes(this.text(key)?.trim().toLowerCase() ?? "");
  }

  /** A decimal integer. */
  integer(key: string): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(text)) throw invalid(`query parameter ${key}: "${text}" is not a number`);
    return Number(text);
  }

  /** `seconds[.nanoseconds]` since the epoch, as ms; undefined when it is absent or 0. */
  time(key: string): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    if (!/^\d{1,11}(\.\d{1,9})?$/.test(text)) {
      throw invalid(`query parameter ${key}: "${text}" is not a time`, "give seconds since the epoch");
    }
    const [seconds = "0", fraction = ""] = text.split(".");
    // By parts: as one floating-point product, .123 could become .12299.
    return Number(seconds) * 1000 + Number(fraction.padEnd(9, "0")) / 1e6 || undefined;
  }
}
