// docs/compose.md: what becomes of every key of the Compose Specification, out of the tables in the code.
//   npm run docs        (after npm run build)
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const at = (path) => new URL(`../${path}`, import.meta.url);

/** Every key of the specification, as schema/specification-keys.txt lists them. */
export function specificationKeys() {
  const lines = readFileSync(at("schema/specification-keys.txt"), "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}

export function composeSchema() {
  return JSON.parse(readFileSync(at("schema/compose.schema.json"), "utf8"));
}

/**
 * What the schema says of a key: its description, or that of what encloses it where the schema does not look further
 * (`nearest`). Undefined for a key that would be refused as unknown.
 */
export function descriptionOf(schema, key) {
  let node = schema;
  let description;
  for (const part of key.split(".")) {
    const { properties, patternProperties, items, additionalProperties } = follow(schema, node);
    const named = Object.entries(patternProperties ?? {}).find(([pattern]) => pattern !== "^x-")?.[1];
    const next =
      part === "[]"
        ? items
        : part === "*"
          ? (named ?? (typeof additionalProperties === "object" ? additionalProperties : undefined))
          : properties?.[part];
    if (next === undefined) {
      const closed = properties !== undefined && additionalProperties === false;
      return closed && part !== "*" && part !== "[]" ? undefined : { text: description, nearest: true };
    }
    node = next;
    description = next.description ?? follow(schema, next).description ?? description;
  }
  return { text: description, nearest: false };
}

function follow(schema, node) {
  return node.$ref === undefined ? node : schema.definitions[node.$ref.replace("#/definitions/", "")];
}

/** The state of a key, its own or that of what encloses it, in words. */
export function stateOf(key, { unbuilt, refused, withoutEffect, asAlways }) {
  const parts = key.split(".");
  for (let length = parts.length; length > 0; length -= 1) {
    const pattern = parts.slice(0, length).join(".");
    if (Object.hasOwn(refused, pattern)) return ["refused", refused[pattern]];
    if (unbuilt.includes(pattern)) return ["not built", "a warning, or with --strict an error"];
    if (Object.hasOwn(withoutEffect, pattern)) return ["no effect", withoutEffect[pattern]];
    if (Object.hasOwn(asAlways, pattern)) return ["as always", asAlways[pattern]];
  }
  return ["works", ""];
}

export function renderTable(keys, schema, tables) {
  const rows = keys.map((key) => {
    const [state, reason] = stateOf(key, tables);
    const found = descriptionOf(schema, key);
    const note = state === "works" ? (found?.nearest === true ? "" : (found?.text ?? "")) : reason;
    return { key, line: `| \`${key}\` | ${state} | ${note.replaceAll("|", "\\|")} |` };
  });
  const section = (title, test) => [
    `## ${title}`,
    "",
    "| key | state | what it means, or why not |",
    "| --- | --- | --- |",
    ...rows.filter(({ key }) => test(key)).map(({ line }) => line),
    "",
  ];
  return [
    "<!-- Made by scripts/compose-table.mjs from schema/ and src/spec: edit those, then npm run docs. -->",
    "",
    "# The Compose Specification, key by key",
    "",
    "Every key works, or asks for what gantry does **as always**, or has **no effect** here (a warning says why), or is **refused** with a",
    "reason, or is **not built** yet (a warning; with `--strict` an error). Any other key is an error, except those that begin with `x-`.",
    "`*` is any name, `[]` any entry of a list. Short forms mean what their long forms do. [spec.md](spec.md) says how files are found,",
    "merged and read.",
    "",
    ...section("Services", (key) => /^services\.\*\.(?!build|deploy)/.test(key)),
    ...section("Services: build", (key) => key.startsWith("services.*.build")),
    ...section("Services: deploy", (key) => key.startsWith("services.*.deploy")),
    ...section("Top level", (key) => !key.startsWith("services.")),
  ].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [{ UNBUILT }, { REFUSED, WITHOUT_EFFECT, AS_ALWAYS }] = await Promise.all([
    import(at("dist/spec/unbuilt.js")),
    import(at("dist/spec/refused.js")),
  ]);
  const tables = { unbuilt: UNBUILT, refused: REFUSED, withoutEffect: WITHOUT_EFFECT, asAlways: AS_ALWAYS };
  writeFileSync(at("docs/compose.md"), renderTable(specificationKeys(), composeSchema(), tables));
}
