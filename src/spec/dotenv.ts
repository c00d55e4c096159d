import type { Diagnostic } from "./diagnostic.ts";
import { interpolate } from "./interpolate.ts";
import { InvalidValue } from "./report.ts";

export interface DotenvResult {
  readonly values: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * Reads the format of `.env` as Compose has it ("Env file syntax" of its documentation): `NAME=value`, an optional
 * `export`, `#` comments (after a value only behind a blank), double quotes with escapes and variables, single
 * quotes taken literally, quoted values over several lines, `NAME` alone for a variable of the environment.
 * Variables see the environment first, then the lines above.
 */
export function parseDotenv(
  text: string,
  file: string,
  env: (name: string) => string | undefined,
): DotenvResult {
  const values = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const line = index + 1;
    const report = (severity: Diagnostic["severity"], message: string) =>
      diagnostics.push({ severity, file, line, column: 1, path: "", message });
    const source = (lines[index] ?? "").trimStart();
    if (source === "" || source.startsWith("#")) continue;

    const assignment = /^(?:export[ \t]+)?([^=:\s#]+)[ \t]*(?:([=:])(.*))?$/s.exec(source.trimEnd());
    const name = assignment?.[1];
    if (name === undefined || !NAME.test(name)) {
      report("error", 'expected NAME=value, "export NAME=value" or a # comment');
      continue;
    }
    if (assignment?.[2] === undefined) {
      const inherited = env(name);
      if (inherited !== undefined) values.set(name, inherited);
      continue;
    }

    const written = (assignment[3] ?? "").trimStart();
    const quote = written[0];
    let value: string;
    let variables = true;
    if (quote === '"' || quote === "'") {
      let body = written.slice(1);
      let end = closingQuote(body, quote, 0);
      while (end === -1 && index + 1 < lines.length) {
        index += 1;
        const searched = body.length;
        body += `\n${lines[index] ?? ""}`;
        end = closingQuote(body, quote, searched);
      }
      if (end === -1) {
        report("error", `the ${quote} of ${name} is never closed`);
        continue;
      }
      if (!/^[ \t]*(#.*)?$/.test(body.slice(end + 1)))
        report("error", `unexpected text after the value of ${name}`);
      variables = quote === '"';
      value = variables ? unescapeDouble(body.slice(0, end)) : body.slice(0, end).replaceAll("\\'", "'");
    } else {
      value = (written.startsWith("#") ? "" : written.replace(/[ \t]+#.*$/, "")).trimEnd();
    }
    if (value.includes("\0")) {
      report("error", `the value of ${name} contains a NUL character`);
      continue;
    }
    try {
      const lookup = (wanted: string) => env(wanted) ?? values.get(wanted);
      const unset = (wanted: string) =>
        report("warning", `the variable ${wanted} is not set, using an empty value`);
      values.set(name, variables ? interpolate(value, { lookup, unset, stray: "keep" }) : value);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      report("error", `${name}: ${error.message}`);
    }
  }
  return { values, diagnostics };
}

function closingQuote(text: string, quote: string, from: number): number {
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}

/** `\$` becomes `$$`, which the interpolation that follows turns into a plain dollar sign. */
function unescapeDouble(text: string): string {
  return text.replace(/\\(.)/gs, (written, next: string) => {
    if (next === "$") return "$$";
    if (next === '"' || next === "\\") return next;
    return ESCAPES[next] ?? written;
  });
}
