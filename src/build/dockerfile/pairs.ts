import type { Escape } from "./directives.ts";
import { fault, type Instruction } from "./instruction.ts";
import { rawWords } from "./words.ts";

/** `name` and `value` as they are written: with quotes, escapes and variables. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** What ENV and LABEL set: `name=value ...`, or the old form `name the rest of the line`. Throws spec.invalid. */
export function readPairs(
  { keyword, rest, place }: Pick<Instruction, "keyword" | "rest" | "place">,
  escape: Escape,
): readonly Pair[] {
  const words = rawWords(rest, escape);
  const [first = ""] = words;
  if (!first.includes("=")) {
    const [, name = "", value] = /^(\S+)\s+([^]*)$/.exec(rest) ?? [];
    if (value === undefined) throw fault(place, `${keyword} needs a name and a value: name=value`);
    return [{ name, value }];
  }
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals < 0)
      throw fault(
        place,
        `${word} has no value: ${keyword} is written name=value`,
        `put a value with spaces between quotes: name="a b"`,
      );
    if (equals === 0) throw fault(place, `${keyword} needs a name before = in ${word}`);
    return { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

/** What ARG declares: names, some with a default. Throws spec.invalid. */
export function readDeclarations(
  { rest, place }: Pick<Instruction, "rest" | "place">,
  escape: Escape,
): readonly { readonly name: string; readonly value?: string }[] {
  const words = rawWords(rest, escape);
  if (words.length === 0) throw fault(place, "ARG needs a name");
  return words.map((word) => {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    if (name === "") throw fault(place, `ARG needs a name before = in ${word}`);
    return equals < 0 ? { name } : { name, value: word.slice(equals + 1) };
  });
}
