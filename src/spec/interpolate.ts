import { InvalidValue } from "./report.ts";

export interface InterpolateOptions {
  /** A variable's value; undefined when it is not set. */
  readonly lookup: (name: string) => string | undefined;
  /** Told of every variable that is used, not set and has no default. */
  readonly unset: (name: string) => void;
  /** What a `$` does that starts no variable: an error in a spec (Compose wants `$$`), itself in a .env file. */
  readonly stray: "error" | "keep";
}

/** Linux takes no environment string above 128 KiB; this only has to stop values that double with every line. */
const MAX_LENGTH = 1024 * 1024;
const MAX_DEPTH = 100;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATOR = /:?[-?+]/y;

/**
 * Replaces variables as the Compose Specification's "Interpolation" has it: `$VAR`, `${VAR}`, `${VAR:-default}`,
 * `${VAR-default}`, `${VAR:?message}`, `${VAR?message}`, `${VAR:+other}`, `${VAR+other}`, nested to any sensible
 * depth; `$$` is a dollar sign. With a colon, empty counts as unset. Throws InvalidValue.
 */
export function interpolate(text: string, options: InterpolateOptions): string {
  return expand(text, options, 0);
}

function expand(text: string, options: InterpolateOptions, depth: number): string {
  if (depth > MAX_DEPTH) throw new InvalidValue("variables are nested too deeply");
  let result = "";
  let index = 0;
  for (;;) {
    const dollar = text.indexOf("$", index);
    if (dollar === -1) return limited(result + text.slice(index));
    result = limited(result + text.slice(index, dollar));
    if (text[dollar + 1] === "$") {
      result += "$";
      index = dollar + 2;
    } else if (text[dollar + 1] === "{") {
      const end = closingBrace(text, dollar + 2);
      if (end === -1) throw new InvalidValue(`"${excerpt(text, dollar)}" has no closing brace`);
      result += braced(text.slice(dollar + 2, end), options, depth);
      index = end + 1;
    } else {
      const name = match(NAME, text, dollar + 1);
      if (name !== undefined) result += plain(name, options);
      else if (options.stray === "keep") result += "$";
      else throw new InvalidValue(`"${excerpt(text, dollar)}" is not a variable; write $$ for a dollar sign`);
      index = dollar + 1 + (name?.length ?? 0);
    }
  }
}

/** `expression` is what stands between the braces. */
function braced(expression: string, options: InterpolateOptions, depth: number): string {
  const name = match(NAME, expression, 0);
  const operator = name === undefined ? undefined : match(OPERATOR, expression, name.length);
  if (name === undefined || (operator === undefined && name.length < expression.length))
    throw new InvalidValue(`"\${${excerpt(expression, 0)}}" is not a variable; write $$ for a dollar sign`);
  if (operator === undefined) return plain(name, options);

  const value = options.lookup(name);
  const present = value !== undefined && !(operator.startsWith(":") && value === "");
  const word = () => expand(expression.slice(name.length + operator.length), options, depth + 1);
  switch (operator.at(-1)) {
    case "-":
      return present ? value : word();
    case "+":
      return present ? word() : "";
    default: {
      if (present) return value;
      const message = word();
      throw new InvalidValue(`the variable ${name} must be set${message === "" ? "" : `: ${message}`}`);
    }
  }
}

function plain(name: string, options: InterpolateOptions): string {
  const value = options.lookup(name);
  if (value === undefined) options.unset(name);
  return value ?? "";
}

/** Braces of a default that is itself JSON or a template must balance, as Compose has it. */
function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let index = from; index < text.length; index += 1) {
    if (text[index] === "{") open += 1;
    if (text[index] === "}") open -= 1;
    if (open === 0) return index;
  }
  return -1;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function excerpt(text: string, from: number): string {
  return text.length - from > 20 ? `${text.slice(from, from + 20)}...` : text.slice(from);
}

function limited(text: string): string {
  if (text.length > MAX_LENGTH) throw new InvalidValue("longer than 1 MB once its variables are replaced");
  return text;
}
