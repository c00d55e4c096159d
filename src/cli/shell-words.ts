import { GantryError } from "../error.ts";

/**
 * A command line's words as a POSIX shell splits them (2.2 Quoting): quotes, backslashes, and lines that go on. Nothing is
 * expanded. Throws request.invalid for a quote that is not closed.
 */
export function shellWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\\" && quote !== "'") {
      const next = text[++at] ?? "";
      // Between double quotes it only takes the meaning of what has one there.
      const kept = quote === '"' && !/["\\$`\n]/.test(next) ? `\\${next}` : next;
      if (next !== "\n") word = (word ?? "") + kept;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word = (word ?? "") + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") throw new GantryError("request.invalid", `a ${quote} is not closed`);
  return word === undefined ? words : [...words, word];
}
