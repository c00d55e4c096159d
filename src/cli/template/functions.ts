import { wrong } from "./parse.ts";
import { isTrue, textOf } from "./value.ts";

type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** Go's predefined functions and docker's own, as far as scripts use them. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction | undefined>> = {
  json: (value) => JSON.stringify(value ?? null),
  join: (list, separator) => listOf(list).map(textOf).join(textOf(separator)),
  split: (text, separator) => textOf(text).split(textOf(separator)),
  lower: (text) => textOf(text).toLowerCase(),
  upper: (text) => textOf(text).toUpperCase(),
  title: (text) => textOf(text).replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
  pad: (text, before, after) => " ".repeat(Number(before)) + textOf(text) + " ".repeat(Number(after)),
  truncate: (text, length) => textOf(text).slice(0, Number(length)),
  println: (...args) => `${args.map(textOf).join(" ")}\n`,
  print: (...args) => args.map(textOf).join(""),
  printf: (format, ...args) => formatted(textOf(format), args),
  len: (value) => (typeof value === "string" ? Buffer.byteLength(value) : Object.keys(value ?? {}).length),
  index: (value, ...keys) => keys.reduce(itemOf, value),
  slice: (value, from = 0, to) => {
    const end = to === undefined ? undefined : Number(to);
    return typeof value === "string"
      ? value.slice(Number(from), end)
      : listOf(value).slice(Number(from), end);
  },
  eq: (value, ...others) => others.some((other) => other === value),
  ne: (a, b) => a !== b,
  lt: (a, b) => compared(a, b) < 0,
  le: (a, b) => compared(a, b) <= 0,
  gt: (a, b) => compared(a, b) > 0,
  ge: (a, b) => compared(a, b) >= 0,
  and: (...args) => args.find((value) => !isTrue(value)) ?? args.at(-1),
  or: (...args) => args.find(isTrue) ?? args.at(-1),
  not: (value) => !isTrue(value),
};

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === undefined || value === null) return [];
  throw wrong(`${textOf(value)} is not a list`);
}

function itemOf(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    if (typeof key !== "number" || !(key in value)) throw wrong(`index ${textOf(key)} is out of range`);
    return value[key] as unknown;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const name = textOf(key);
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function compared(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [textOf(a), textOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function formatted(format: string, args: readonly unknown[]): string {
  let next = 0;
  return format.replace(
    /%(-?\d*)(?:\.(\d+))?([%sdvqtf])/g,
    (_whole, width: string, digits: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      const value = args[next++];
      const text =
        verb === "q"
          ? JSON.stringify(textOf(value))
          : verb === "f"
            ? Number(value).toFixed(Number(digits ?? 6))
            : textOf(value).slice(0, verb === "s" && digits !== undefined ? Number(digits) : undefined);
      return width.startsWith("-") ? text.padEnd(Number(width.slice(1))) : text.padStart(Number(width || 0));
    },
  );
}
