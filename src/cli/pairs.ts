/** `name=value` words as a map; a name alone has an empty value. */
export function pairs(words: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(words.map(cut("=")));
}

/** A word in two at the first separator; the second is empty where there is none. */
export function cut(separator: string): (text: string) => readonly [string, string] {
  return (text) => {
    const at = text.indexOf(separator);
    return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  };
}
