import { GantryError } from "../../error.ts";

/** A part of a template as Go's text/template has it, as far as docker's `--format` is used in scripts. */
export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "range" | "with";
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** Commands, each of which gets the value of the one before as its last argument. */
export type Pipeline = readonly Command[];
export type Command = readonly Operand[];

export type Operand =
  /** `.A.B`; of the outermost data where it begins with `$`. */
  | { readonly kind: "field"; readonly root: boolean; readonly names: readonly string[] }
  | { readonly kind: "value"; readonly value: string | number | boolean }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline };

/** Throws request.invalid. */
export function parseTemplate(text: string): readonly Node[] {
  const pieces = piecesOf(text);
  const nodes = body(pieces, false).nodes;
  if (pieces.length > 0) throw wrong(`unexpected {{${pieces[0]?.action ?? ""}}}`);
  return nodes;
}

export function wrong(why: string): GantryError {
  return new GantryError("request.invalid", `the format cannot be used: ${why}`);
}

interface Piece {
  readonly text?: string;
  readonly action?: string;
}

/** Text and actions in turn; `{{-` and `-}}` take the blanks beside them away. */
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trim = false;
  for (const found of text.matchAll(/\{\{(- )?([^]*?)( -)?\}\}/g)) {
    let before = text.slice(at, found.index);
    if (trim) before = before.trimStart();
    if (found[1] !== undefined) before = before.trimEnd();
    if (before !== "") pieces.push({ text: before });
    const action = (found[2] ?? "").trim();
    if (!action.startsWith("/*")) pieces.push({ action });
    trim = found[3] !== undefined;
    at = found.index + found[0].length;
  }
  const rest = trim ? text.slice(at).trimStart() : text.slice(at);
  if (rest.includes("{{")) throw wrong("a {{ is not closed");
  if (rest !== "") pieces.push({ text: rest });
  return pieces;
}

/** Takes pieces up to the end of a block, whose word it takes as well. */
function body(pieces: Piece[], inside: boolean): { readonly nodes: readonly Node[]; readonly end: string } {
  const nodes: Node[] = [];
  for (let piece; (piece = pieces.shift()) !== undefined;) {
    if (piece.text !== undefined) {
      nodes.push({ kind: "text", text: piece.text });
      continue;
    }
    const action = piece.action ?? "";
    const [, word = "", rest = ""] = /^(\w+)\b\s*([^]*)$/.exec(action) ?? [];
    if (word === "end" || word === "else") {
      if (!inside) throw wrong(`{{${action}}} without a beginning`);
      return { nodes, end: action };
    }
    if (word === "if" || word === "range" || word === "with") nodes.push(block(word, rest, pieces));
    else nodes.push({ kind: "action", pipeline: pipelineOf(action) });
  }
  if (inside) throw wrong("an {{end}} is missing");
  return { nodes, end: "" };
}

function block(kind: "if" | "range" | "with", condition: string, pieces: Piece[]): Node {
  const pipeline = pipelineOf(condition);
  const { nodes, end } = body(pieces, true);
  if (end === "end") return { kind, pipeline, body: nodes, otherwise: [] };
  const [, again] = /^else\s+if\s+([^]+)$/.exec(end) ?? [];
  if (again !== undefined) return { kind, pipeline, body: nodes, otherwise: [block("if", again, pieces)] };
  const other = body(pieces, true);
  if (other.end !== "end") throw wrong(`{{${other.end}}} after {{else}}`);
  return { kind, pipeline, body: nodes, otherwise: other.nodes };
}

const TOKEN =
  /\s*(?:(\$?(?:\.[A-Za-z_]\w*)+|\$|\.)|"((?:[^"\\]|\\.)*)"|`([^`]*)`|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*)|([|()]))/y;

function pipelineOf(text: string): Pipeline {
  const tokens: (Operand | "|" | "(" | ")")[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== "") {
    const at = TOKEN.lastIndex;
    const [whole, field, quoted, raw, number, word, sign] = TOKEN.exec(text) ?? [];
    if (whole === undefined) throw wrong(`"${text.slice(at).trim()}" is not understood`);
    if (field !== undefined)
      tokens.push({
        kind: "field",
        root: field.startsWith("$"),
        names: field.replace(/^\$/, "").split(".").filter(Boolean),
      });
    else if (quoted !== undefined) tokens.push({ kind: "value", value: unquoted(quoted) });
    else if (raw !== undefined) tokens.push({ kind: "value", value: raw });
    else if (number !== undefined) tokens.push({ kind: "value", value: Number(number) });
    else if (word === "true" || word === "false") tokens.push({ kind: "value", value: word === "true" });
    else if (word !== undefined) tokens.push({ kind: "function", name: word });
    else tokens.push(sign as "|" | "(" | ")");
  }
  const pipeline = commands(tokens);
  if (tokens.length > 0) throw wrong(`a ) too many in {{${text}}}`);
  return pipeline;
}

function commands(tokens: (Operand | "|" | "(" | ")")[]): Pipeline {
  const all: Operand[][] = [[]];
  for (let token; (token = tokens[0]) !== undefined && token !== ")";) {
    tokens.shift();
    if (token === "|") all.push([]);
    else if (token === "(") {
      all.at(-1)?.push({ kind: "pipeline", pipeline: commands(tokens) });
      if (tokens.shift() !== ")") throw wrong("a ( is not closed");
    } else all.at(-1)?.push(token);
  }
  if (all.some((command) => command.length === 0)) throw wrong("an action is empty");
  return all;
}

function unquoted(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    throw wrong(`"${text}" is not a string`);
  }
}
