import { posix } from "node:path";
import { messageOf } from "../error.ts";
import { filePattern } from "./file-pattern.ts";

interface Rule {
  readonly matches: RegExp;
  /** `!`: what it matches is kept after all. */
  readonly keeps: boolean;
  /** Folders above it, as far as they are plain names: `a/b` of `a/b/*.txt`. */
  readonly fixed: string;
}

/** What of a build context is left out. */
export interface Ignore {
  /** Whether a path (`a/b`, relative, without `.` and `..`) is left out. */
  excludes(path: string): boolean;
  /** Whether something below a folder that is left out may be kept. */
  keepsBelow(folder: string): boolean;
}

/** Nobody writes so many, and each is tried on each path. */
const MOST_RULES = 10_000;

/**
 * Reads a .dockerignore: a pattern a line, of which the last that matches a path, or a folder above it, decides; `!` before it
 * keeps what it matches. Throws Error with the line's number for a pattern that is none.
 */
export function readIgnore(text: string): Ignore {
  const rules: Rule[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (line.startsWith("#")) continue;
    const written = line.trim();
    if (written === "") continue;
    const keeps = written.startsWith("!");
    const pattern = cleaned(keeps ? written.slice(1).trim() : written);
    if (pattern === "") throw new Error(`line ${index + 1}: a lone ! keeps nothing`);
    if (pattern === ".") continue;
    if (rules.length === MOST_RULES) throw new Error(`more than ${MOST_RULES} patterns`);
    rules.push(ruleOf(pattern, keeps, index + 1));
  }
  return ignoring(rules);
}

/** The patterns of --exclude, which leave out what they match. Throws Error for a pattern that is none. */
export function excluding(patterns: readonly string[]): Ignore {
  return readIgnore(patterns.join("\n"));
}

function ignoring(rules: readonly Rule[]): Ignore {
  const keeping = rules.filter(({ keeps }) => keeps);
  return {
    excludes: (path) => {
      const paths = withParents(path);
      const last = rules.findLast(({ matches }) => paths.some((one) => matches.test(one)));
      return last !== undefined && !last.keeps;
    },
    keepsBelow: (folder) =>
      keeping.some(
        ({ fixed }) =>
          fixed === "" ||
          `${fixed}/`.startsWith(`${folder}/`) ||
          folder.startsWith(`${fixed}/`) ||
          folder === fixed,
      ),
  };
}

function ruleOf(pattern: string, keeps: boolean, line: number): Rule {
  try {
    const parts = pattern.split("/");
    const first = parts.findIndex((part) => /[*?[\\]/.test(part));
    const fixed = parts.slice(0, first < 0 ? parts.length : first).join("/");
    return { matches: filePattern(pattern, { doubleStar: true }), keeps, fixed };
  } catch (error) {
    throw new Error(`line ${line}: ${messageOf(error)}`, { cause: error });
  }
}

/** As Go's filepath.Clean, relative to the context's root. */
function cleaned(pattern: string): string {
  return pattern === ""
    ? ""
    : posix
        .normalize(pattern)
        .replace(/^\/+/, "")
        .replace(/(?<=.)\/$/, "") || ".";
}

/** `a`, `a/b`, `a/b/c` */
function withParents(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
