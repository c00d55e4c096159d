import type { Escape } from "./directives.ts";
import { rawWords } from "./words.ts";

/** The beginning of a here-document in an instruction's line: `<<EOF`, `<<-"EOF"`, `3<<EOF`. */
export interface HeredocMark {
  readonly name: string;
  readonly expand: boolean;
  /** Tabs at the beginnings of its lines are no part of it: `<<-`. */
  readonly stripTabs: boolean;
}

const MARK = /^(\d*)<<(-?)([^<]+)$/;

/** The here-document that a word begins; undefined for any other word. */
export function heredocMark(word: string): HeredocMark | undefined {
  const [, , dash, written = ""] = MARK.exec(word) ?? [];
  if (dash === undefined) return undefined;
  const name = written.replaceAll(/["'\\]/g, "");
  if (name === "" || /\s/.test(name)) return undefined;
  return { name, expand: name === written, stripTabs: dash === "-" };
}

/** Every here-document that a line begins, in order. */
export function heredocMarks(line: string, escape: Escape): readonly HeredocMark[] {
  return rawWords(line, escape).flatMap((word) => heredocMark(word) ?? []);
}

/** Takes the tabs at the beginning off, where the mark says so. */
export function heredocLine(line: string, { stripTabs }: HeredocMark): string {
  return stripTabs ? line.replace(/^\t+/, "") : line;
}
