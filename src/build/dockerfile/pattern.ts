/** Everything that means something in a regular expression. */
const SPECIAL = /[.*+?^${}()|[\]\\/]/g;

/** A shell pattern, in which `*`, `?` and the escape `\` mean something, as the source of a regular expression. */
function shellPattern(pattern: string, greedy: boolean): string {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? "";
    if (character === "*") source += greedy ? "[^]*" : "[^]*?";
    else if (character === "?") source += "[^]";
    else {
      const literal = character === "\\" && at + 1 < pattern.length ? (pattern[++at] ?? "") : character;
      source += literal.replace(SPECIAL, String.raw`\$&`);
    }
  }
  return source;
}

/** `${value#pattern}` and `##`: without the shortest, or longest, beginning that matches. */
export function withoutPrefix(value: string, pattern: string, longest: boolean): string {
  return value.replace(new RegExp(`^${shellPattern(pattern, longest)}`), "");
}

/** `${value%pattern}` and `%%`: without the shortest, or longest, end that matches. */
export function withoutSuffix(value: string, pattern: string, longest: boolean): string {
  const end = new RegExp(`^${shellPattern(pattern, true)}$`);
  const cuts = Array.from({ length: value.length + 1 }, (_, cut) => cut);
  const cut = (longest ? cuts : cuts.toReversed()).find((one) => end.test(value.slice(one)));
  return cut === undefined ? value : value.slice(0, cut);
}

/** `${value/pattern/replacement}` and `//`: the first match, or all of them, replaced. */
export function replaced(value: string, pattern: string, replacement: string, all: boolean): string {
  if (pattern === "") return value;
  return value.replace(new RegExp(shellPattern(pattern, true), all ? "g" : ""), () => replacement);
}
