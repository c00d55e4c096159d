import type { Escape } from "./directives.ts";
import { heredocLine, type HeredocMark, heredocMarks } from "./heredoc.ts";
import { fault, type Heredoc, type Place } from "./instruction.ts";

/** An instruction's text on one line. */
export interface LogicalLine {
  readonly text: string;
  /** Where it begins. */
  readonly place: Place;
  readonly heredocs: readonly Heredoc[];
}

const TAKES_HEREDOCS = /^(?:onbuild\s+)?(?:add|copy|run)\s/i;

/**
 * Joins the physical lines of a Dockerfile: a line that ends with the escape goes on with the next, comments and empty lines
 * in between are passed over, here-documents are read to their ends. Throws spec.invalid for one without an end.
 */
export function logicalLines(
  physical: readonly string[],
  escape: Escape,
  file: string,
): readonly LogicalLine[] {
  const lines: LogicalLine[] = [];
  const goesOn = continuation(escape);
  for (let at = 0; at < physical.length;) {
    const place = { file, line: at + 1 };
    let text = (physical[at++] ?? "").trimStart();
    if (text === "" || text.startsWith("#")) continue;
    while (goesOn.test(text) && at <= physical.length) {
      text = text.replace(goesOn, "$1");
      while (at < physical.length && isPassedOver(physical[at] ?? "")) at++;
      if (at === physical.length) break;
      text += physical[at++] ?? "";
    }
    text = text.trimEnd();
    const heredocs: Heredoc[] = [];
    for (const mark of TAKES_HEREDOCS.test(text) ? heredocMarks(text, escape) : []) {
      const { end, heredoc } = readHeredoc(physical, at, mark, place);
      heredocs.push(heredoc);
      at = end;
    }
    if (text !== "") lines.push({ text, place, heredocs });
  }
  return lines;
}

/** The escape at the end, unless an escape before it takes its meaning away. */
function continuation(escape: Escape): RegExp {
  const mark = escape === "\\" ? "\\\\" : "`";
  return new RegExp(`((?:^|[^${mark}]))${mark}[ \\t]*$`);
}

function isPassedOver(line: string): boolean {
  return /^\s*(?:#|$)/.test(line);
}

function readHeredoc(
  physical: readonly string[],
  start: number,
  mark: HeredocMark,
  place: Place,
): { readonly heredoc: Heredoc; readonly end: number } {
  const { name, expand } = mark;
  const content: string[] = [];
  for (let at = start; at < physical.length; at++) {
    const line = heredocLine(physical[at] ?? "", mark);
    if (line === name) {
      const text = content.map((one) => `${one}\n`).join("");
      return { heredoc: { name, expand, content: text }, end: at + 1 };
    }
    content.push(line);
  }
  throw fault(place, `the here-document ${name} has no end`, `end it with a line that is just ${name}`);
}
