/** What is wrong with a pattern. */
export class PatternError extends Error {}

const SPECIAL = /[.+^$(){}|]/;

/**
 * A pattern of file names as Go's path/filepath.Match has it, as a regular expression for a whole path: `*` and `?` stay
 * within a name, `[a-z]` and `[^a-z]` are one character, a backslash takes the next as it is. `**`, where that is allowed,
 * matches any number of folders. Throws PatternError.
 */
export function filePattern(pattern: string, options: { readonly doubleStar: boolean }): RegExp {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? "";
    if (character === "*" && options.doubleStar && pattern[at + 1] === "*") {
      at += 1;
      if (pattern[at + 1] === "/") at += 1;
      source += at + 1 >= pattern.length ? ".*" : "(?:.*/)?";
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const { inside, end } = readClass(pattern, at);
      source += inside;
      at = end;
    } else if (character === "\\") {
      at += 1;
      const escaped = pattern[at];
      if (escaped === undefined) throw new PatternError(`the pattern ${pattern} ends in a backslash`);
      source += literal(escaped);
    } else source += literal(character);
  }
  return new RegExp(`^${source}$`, "s");
}

/** Whether a name is meant as a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[\\]/.test(path);
}

function literal(character: string): string {
  return SPECIAL.test(character) || "*?[]\\/".includes(character) ? `\\${character}` : character;
}

function isClass(source: string): boolean {
  try {
    return new RegExp(source).source !== "";
  } catch {
    return false;
  }
}

function readClass(pattern: string, start: number): { readonly inside: string; readonly end: number } {
  let at = start + 1;
  let inside = "[";
  if (pattern[at] === "^" || pattern[at] === "!") {
    inside += "^/";
    at += 1;
  }
  const first = at;
  for (; at < pattern.length && (pattern[at] !== "]" || at === first); at++) {
    const character = pattern[at] ?? "";
    if (character === "\\") at += 1;
    const shown = pattern[at] ?? "";
    inside += shown === "-" && character !== "\\" ? "-" : `${/[\]\\^-]/.test(shown) ? "\\" : ""}${shown}`;
  }
  if (at >= pattern.length || at === first)
    throw new PatternError(`the pattern ${pattern} has a [ without its ]`);
  if (!isClass(`${inside}]`)) throw new PatternError(`the pattern ${pattern} has a range that is none`);
  return { inside: `${inside}]`, end: at };
}
