import type { Escape } from "./directives.ts";

/** Words between white space, with their quotes and escapes as they are written; both keep white space inside a word. */
export function rawWords(text: string, escape: Escape): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word = (word ?? "") + character;
    if (character === escape && quote !== "'") {
      at += 1;
      word += text[at] ?? "";
    } else if (quote === undefined && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = undefined;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Words between white space, where quotes mean nothing. */
export function plainWords(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
