import { FUNCTIONS } from "./functions.ts";
import { type Command, type Node, type Operand, type Pipeline, wrong } from "./parse.ts";
import { isTrue, textOf } from "./value.ts";

interface Scope {
  readonly root: unknown;
  readonly dot: unknown;
  /** A field that is not there is an error, as of a struct of Go's, and not nothing, as of a map. */
  readonly strict: boolean;
}

/** A template's text for some data. Throws request.invalid for a field (with `strict`) or a function that is not there. */
export function execute(nodes: readonly Node[], data: unknown, strict: boolean): string {
  return run(nodes, { root: data, dot: data, strict });
}

function run(nodes: readonly Node[], scope: Scope): string {
  return nodes.map((node) => runOne(node, scope)).join("");
}

function runOne(node: Node, scope: Scope): string {
  if (node.kind === "text") return node.text;
  const value = evaluate(node.pipeline, scope);
  if (node.kind === "action") return textOf(value);
  if (!isTrue(value)) return run(node.otherwise, scope);
  if (node.kind === "if") return run(node.body, scope);
  if (node.kind === "with") return run(node.body, { ...scope, dot: value });
  return itemsOf(value)
    .map((dot) => run(node.body, { ...scope, dot }))
    .join("");
}

function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "object" || value === null)
    throw wrong(`there is nothing to range over in ${textOf(value)}`);
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item as unknown);
}

function evaluate(pipeline: Pipeline, scope: Scope): unknown {
  let last: readonly unknown[] = [];
  for (const command of pipeline) last = [callOf(command, scope, last)];
  return last[0];
}

function callOf([first, ...rest]: Command, scope: Scope, last: readonly unknown[]): unknown {
  if (first === undefined) throw wrong("an action is empty");
  const given = [...rest.map((operand) => valueOf(operand, scope)), ...last];
  if (first.kind !== "function") {
    const value = valueOf(first, scope);
    if (typeof value === "function") return (value as (...args: readonly unknown[]) => unknown)(...given);
    if (given.length > 0) throw wrong(`${textOf(value)} is no function`);
    return value;
  }
  const called = FUNCTIONS[first.name];
  if (called === undefined) throw wrong(`there is no function ${first.name}`);
  return called(...given);
}

function valueOf(operand: Operand, scope: Scope): unknown {
  switch (operand.kind) {
    case "value":
      return operand.value;
    case "pipeline":
      return evaluate(operand.pipeline, scope);
    case "function": {
      const called = FUNCTIONS[operand.name];
      if (called === undefined) throw wrong(`there is no function ${operand.name}`);
      return called();
    }
    case "field": {
      let value = operand.root ? scope.root : scope.dot;
      for (const name of operand.names) value = member(value, name, scope.strict);
      return value;
    }
  }
}

function member(value: unknown, name: string, strict: boolean): unknown {
  const fields = typeof value === "object" && value !== null && !Array.isArray(value);
  if (fields && Object.hasOwn(value, name)) return (value as Readonly<Record<string, unknown>>)[name];
  if (!strict) return undefined;
  const known = fields ? `; there are ${Object.keys(value).join(", ")}` : "";
  throw wrong(`there is no field ${name}${known}`);
}
