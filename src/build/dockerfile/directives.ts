import { fault, type Place } from "./instruction.ts";

/** The character that continues a line and takes a character's meaning away. */
export type Escape = "\\" | "`";

export interface Directives {
  readonly escape: Escape;
  /** What the file says to be written for; gantry reads one syntax. */
  readonly syntax?: string;
}

const DIRECTIVE = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const KNOWN = new Set(["syntax", "escape", "check"]);

/**
 * Parser directives: comments of the form `# name=value` that stand before everything else, even comments and empty lines.
 * Throws spec.invalid for one given twice and for an escape that is none.
 */
export function readDirectives(lines: readonly string[], file: string): Directives {
  const found = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const [, name, value] = DIRECTIVE.exec(line) ?? [];
    const key = name?.toLowerCase();
    if (key === undefined || value === undefined || !KNOWN.has(key)) break;
    const place: Place = { file, line: index + 1 };
    if (found.has(key)) throw fault(place, `the directive ${key} is given twice`);
    if (key === "escape" && value !== "\\" && value !== "`")
      throw fault(place, `escape must be \\ or a backquote, not ${value}`);
    found.set(key, value);
  }
  const syntax = found.get("syntax");
  return {
    escape: (found.get("escape") ?? "\\") as Escape,
    ...(syntax === undefined ? {} : { syntax }),
  };
}
