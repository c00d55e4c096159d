import { didYouMean } from "../../spec/suggest.ts";
import type { Escape } from "./directives.ts";
import { fault, type Flag, type Keyword, type Place } from "./instruction.ts";

/** What an instruction can be told: `one` value, `many` of them, or nothing but whether (`bool`). */
const FLAGS: Partial<Readonly<Record<Keyword, Readonly<Record<string, "one" | "many" | "bool">>>>> = {
  ADD: {
    checksum: "one",
    chmod: "one",
    chown: "one",
    exclude: "many",
    "keep-git-dir": "bool",
    link: "bool",
    unpack: "bool",
  },
  COPY: { chmod: "one", chown: "one", exclude: "many", from: "one", link: "bool", parents: "bool" },
  FROM: { platform: "one" },
  HEALTHCHECK: {
    interval: "one",
    retries: "one",
    "start-interval": "one",
    "start-period": "one",
    timeout: "one",
  },
  RUN: { mount: "many", network: "one", security: "one" },
};

/** Takes `--name[=value]` words off the beginning of what follows a keyword. Throws spec.invalid. */
export function takeFlags(
  keyword: Keyword,
  text: string,
  escape: Escape,
  place: Place,
): { readonly flags: readonly Flag[]; readonly rest: string } {
  const flags: Flag[] = [];
  let rest = text.trimStart();
  while (rest.startsWith("--")) {
    const { word, after } = firstWord(rest, escape);
    rest = after.trimStart();
    if (word === "--") break;
    const [, name = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    flags.push(checked({ keyword, name, value, place }, flags));
  }
  return { flags, rest };
}

function checked(
  {
    keyword,
    name,
    value,
    place,
  }: { keyword: Keyword; name: string; value: string | undefined; place: Place },
  before: readonly Flag[],
): Flag {
  const known = FLAGS[keyword] ?? {};
  const kind = Object.hasOwn(known, name) ? known[name] : undefined;
  if (kind === undefined) {
    const hint = didYouMean(name, Object.keys(known));
    throw fault(place, `${keyword} knows no flag --${name}${hint.replace('"', '"--')}`);
  }
  if (kind !== "many" && before.some((flag) => flag.name === name))
    throw fault(place, `--${name} is given twice`);
  if (kind === "bool") {
    if (value !== undefined && value !== "true" && value !== "false")
      throw fault(place, `--${name} is true or false, not ${value}`);
    return { name, value: value ?? "true" };
  }
  if (value === undefined) throw fault(place, `--${name} needs a value`, `write --${name}=VALUE`);
  return { name, value };
}

/** Up to the first white space outside of quotes; quotes go, since a flag's value has none of its own. */
function firstWord(text: string, escape: Escape): { readonly word: string; readonly after: string } {
  let word = "";
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (quote === undefined && /\s/.test(character)) return { word, after: text.slice(at) };
    if (character === escape && at + 1 < text.length) {
      at += 1;
      word += text[at] ?? "";
    } else if (quote === undefined && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = undefined;
    else word += character;
  }
  return { word, after: "" };
}
