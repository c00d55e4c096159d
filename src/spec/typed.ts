import type { JsonSchema } from "./validate.ts";

type Types = readonly string[];

/**
 * `value` with the types that the schema means, where a variable has left text: `replicas: "3"` becomes 3, `init: "true"`
 * becomes true. Everything else stays as it is.
 */
export function withTypes(value: unknown, schema: JsonSchema): unknown {
  return typed(value, schema, schema);
}

function typed(value: unknown, node: unknown, root: JsonSchema): unknown {
  const rule = follow(node, root);
  if (Array.isArray(value)) return value.map((item) => typed(item, rule["items"], root));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, typed(entry, ruleOf(key, rule), root)]),
    );
  return typeof value === "string" ? scalar(value, typesOf(rule)) : value;
}

/** Text is meant where text comes first; elsewhere it stands in for what comes first. */
function scalar(text: string, [first]: Types): unknown {
  if ((first === "integer" || first === "number") && /^-?\d+(\.\d+)?$/.test(text.trim())) return Number(text);
  if (first === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

function ruleOf(key: string, rule: JsonSchema): unknown {
  const properties = rule["properties"] as JsonSchema | undefined;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  const patterns = Object.entries((rule["patternProperties"] ?? {}) as JsonSchema);
  return patterns.find(([pattern]) => new RegExp(pattern).test(key))?.[1] ?? rule["additionalProperties"];
}

function follow(node: unknown, root: JsonSchema): JsonSchema {
  if (typeof node !== "object" || node === null) return {};
  const { $ref: reference } = node as { readonly $ref?: string };
  if (reference === undefined) return node as JsonSchema;
  return (
    ((root["definitions"] ?? {}) as Readonly<Record<string, JsonSchema>>)[
      reference.replace("#/definitions/", "")
    ] ?? {}
  );
}

function typesOf(rule: JsonSchema): Types {
  const { type } = rule as { readonly type?: string | Types };
  return type === undefined ? [] : typeof type === "string" ? [type] : type;
}
