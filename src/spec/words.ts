import { InvalidValue } from "./report.ts";

/**
 * Splits text into words as a POSIX shell does (2.2 Quoting), without any expansion: blanks separate, single quotes
 * are literal, double quotes allow `\"`, `\\`, `\$` and `` \` ``, a backslash takes the next character as it is.
 * Throws InvalidValue for a quote that is never closed.
 */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: "'" | '"' | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    const next = text.charAt(index + 1);
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= "";
    if (character === "\\" && quote !== "'") {
      if (next === "") throw new InvalidValue("the command ends in a backslash");
      if (quote === '"' && !'"\\$`\n'.includes(next)) word += character;
      else {
        index += 1;
        // A backslash before a newline joins the two lines.
        if (next !== "\n") word += next;
      }
    } else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === "'" || character === '"')) quote = character;
    else word += character;
  }
  if (quote !== undefined) throw new InvalidValue(`the quote ${quote} is never closed`);
  return word === undefined ? words : [...words, word];
}
