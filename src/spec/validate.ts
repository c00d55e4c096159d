import type { ErrorObject } from "ajv";
import { compiledSchema } from "./compiled-schema.ts";
import { pathOf } from "./path.ts";
import type { Path } from "./path.ts";
import type { Report } from "./report.ts";
import { didYouMean } from "./suggest.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Reports everything in `value` that schema/compose.schema.json does not allow, in words. The schema uses no `anyOf` or `oneOf`
 * (a list of types does the same for YAML), so every error ajv finds is one the user made.
 * Returns the paths of the values that are wrong.
 */
export function validate(value: unknown, report: Report): readonly Path[] {
  const check = compiledSchema<object>("compose");
  if (check(value)) return [];
  return (check.errors ?? []).map((error) => {
    const path = pathOf(error.instancePath, value);
    return describe(error, path, report);
  });
}

/** Reports one error and returns the path of the value to leave alone. */
function describe(error: ErrorObject, path: Path, report: Report): Path {
  const params = error.params as Readonly<Record<string, unknown>>;
  const parent = error.parentSchema as JsonSchema;
  switch (error.keyword) {
    case "additionalProperties": {
      const key = String(params["additionalProperty"]);
      report.error([...path, key], unknownKey(key, parent), "key");
      return [...path, key];
    }
    case "required":
      report.error(path, `"${String(params["missingProperty"])}" is missing`, "key");
      return path;
    case "type":
      if (path.length === 0 && error.data === null) report.error(path, "the file is empty");
      else report.error(path, `expected ${expected(params["type"])}, got ${actual(error.data)}`);
      return path;
    case "enum": {
      const allowed = (params["allowedValues"] as readonly unknown[]).map(String);
      const hint = didYouMean(String(error.data), allowed);
      report.error(
        path,
        `expected ${alternatives(allowed.map((each) => `"${each}"`))}, got ${actual(error.data)}${hint}`,
      );
      return path;
    }
    default:
      report.error(path, error.message ?? `does not satisfy "${error.keyword}"`);
      return path;
  }
}

function unknownKey(key: string, parent: JsonSchema): string {
  const known = Object.keys(parent["properties"] ?? {});
  if (known.length > 0) return `unknown key${didYouMean(key, known)}`;
  return 'not a valid name (letters, digits, ".", "_" and "-", at most 63)';
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: "a map",
  array: "a list",
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "nothing",
};

function expected(type: unknown): string {
  const types = (Array.isArray(type) ? type : [type]).map(String);
  // Text that comes after a number or a truth value is accepted only so that "${VARIABLE}" can stand there.
  const typed = ["integer", "number", "boolean"].includes(types[0] ?? "");
  const shown = typed ? types.filter((name) => name !== "string") : types;
  return alternatives(shown.filter((name) => name !== "null").map((name) => TYPE_NAMES[name] ?? name));
}

function actual(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return `"${value.length > 40 ? `${value.slice(0, 40)}...` : value}"`;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "something else";
}

/** `a`, `a or b`, `a, b or c` */
function alternatives(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}
