import { Composer, isScalar, Lexer, LineCounter, Parser } from "yaml";
import type { CST, Document, YAMLParseError } from "yaml";
import { SpecError } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** Deeper nesting than any spec has, and shallow enough for the recursive composer. */
export const MAX_DEPTH = 100;

export interface ParsedText {
  /** At least one, in the order of the text; of several, none that is empty. */
  readonly documents: readonly [Document.Parsed, ...Document.Parsed[]];
  /** Of the whole text, as the offsets of its documents are. */
  readonly lines: LineCounter;
  /** Harmless oddities, such as a tag that means nothing here. */
  readonly warnings: readonly Diagnostic[];
}

/**
 * Reads YAML 1.2 (core schema) into trees that know their offsets, one for each document (YAML 1.2, 9.2). Aliases and
 * merge keys stay unresolved, and duplicate keys undetected: resolve.ts does both, in linear time. Throws SpecError
 * (spec.syntax) with every syntax error. `text` has no byte order mark.
 */
export function parseDocuments(text: string, file: string): ParsedText {
  const lines = new LineCounter();
  const diagnostic = (severity: Diagnostic["severity"], offset: number, message: string): Diagnostic => {
    const { line, col } = lines.linePos(offset);
    return { severity, file, line: Math.max(line, 1), column: Math.max(col, 1), path: "", message };
  };
  const fail = (offset: number, message: string): never => {
    throw new SpecError("spec.syntax", [diagnostic("error", offset, message)]);
  };

  const tokens = tokensOf(text, lines);
  const deep = typeof tokens === "number" ? tokens : tooDeep(tokens)?.offset;
  if (typeof tokens === "number" || deep !== undefined)
    return fail(deep ?? 0, `nested more than ${MAX_DEPTH} levels deep`);

  const composer = new Composer({
    version: "1.2",
    schema: "core",
    merge: false,
    stringKeys: true,
    uniqueKeys: false,
    resolveKnownTags: false,
    prettyErrors: false,
  });
  const composed = [...composer.compose(tokens, true, text.length)];
  const errors = composed.flatMap((each) => each.errors).sort((a, b) => a.pos[0] - b.pos[0]);
  if (errors.length > 0) {
    const told = errors.filter((error, index) => index === 0 || !isEcho(error));
    const found = told.map((error) => diagnostic("error", error.pos[0], phrase(error, text)));
    throw new SpecError("spec.syntax", firstOfEachLine(found));
  }
  // A file that ends with `---`, or begins with it twice, says nothing there.
  const full = composed.filter(({ contents }) => !(isScalar(contents) && contents.value === null));
  const [first, ...others] = full.length > 0 ? full : composed;
  if (first === undefined) return fail(0, "the file is empty");
  const odd = composed
    .flatMap((each) => each.warnings)
    .filter(
      ({ pos: [from] }) => !/^!(reset|override)\b/.test(text.slice(from, from + "!override".length + 1)),
    );
  const warnings = odd.map((found) => diagnostic("warning", found.pos[0], found.message));
  return { documents: [first, ...others], lines, warnings };
}

/**
 * The tokens of a text; where hostile nesting begins, its offset instead. A parser that has swallowed megabytes of `[`
 * or `- ` has spent a minute and a gigabyte on them, so these are counted while it reads.
 */
function tokensOf(text: string, lines: LineCounter): readonly CST.Token[] | number {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let flow = 0;
  let block = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === "[" || lexeme === "{") flow += 1;
    else if (lexeme === "]" || lexeme === "}") flow -= 1;
    else if (lexeme === "-" || lexeme === "?") block += 1;
    else if (lexeme.endsWith("\n")) block = 0;
    if (flow > MAX_DEPTH || block > MAX_DEPTH) return parser.offset;
    tokens.push(...parser.next(lexeme));
  }
  tokens.push(...parser.end());
  return tokens;
}

/** The first token below the allowed depth. The composer is recursive, so this must not be. */
function tooDeep(tokens: readonly CST.Token[]): CST.Token | undefined {
  const open: { readonly token: CST.Token; readonly depth: number }[] = tokens.map((token) => ({
    token,
    depth: 0,
  }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return token;
    if (token.type === "document" && token.value !== undefined) open.push({ token: token.value, depth });
    if (!("items" in token)) continue;
    for (const item of token.items) {
      if (item.key !== undefined && item.key !== null) open.push({ token: item.key, depth: depth + 1 });
      if (item.value !== undefined) open.push({ token: item.value, depth: depth + 1 });
    }
  }
  return undefined;
}

/** Once the parser has lost its footing, every further token is unexpected; that is no news. */
function isEcho(error: YAMLParseError): boolean {
  return error.code === "UNEXPECTED_TOKEN" && / (in YAML stream|at node end)/.test(error.message);
}

/** The parser's words, except where they name an option of its own, or the reason can be told. */
function phrase(error: YAMLParseError, text: string): string {
  if (error.code === "NON_STRING_KEY") return "a key must be plain text";
  const [offset] = error.pos;
  if (text.slice(offset - 1, offset + 1) === "${")
    return 'inside { } or [ ] a value with a variable needs quotes: "${NAME}"';
  return error.message;
}

function firstOfEachLine(found: readonly Diagnostic[]): readonly Diagnostic[] {
  return found.filter((each, index) => each.line !== found[index - 1]?.line);
}
