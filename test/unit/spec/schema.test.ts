import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readSchema } from "../../../src/spec/file.ts";
import { UNBUILT } from "../../../src/spec/unbuilt.ts";

type Json = Readonly<Record<string, unknown>>;

/** Every object of the schema that describes values, with the way to it. */
function* nodes(value: unknown, at: string): Generator<readonly [string, Json]> {
  if (typeof value !== "object" || value === null) return;
  yield [at, value as Json];
  for (const [key, child] of Object.entries(value)) yield* nodes(child, `${at}/${key}`);
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const schema = readSchema();
const all = [...nodes(schema, "#")];

test("every property has a description that is a sentence", () => {
  const properties = all.flatMap(([at, node]) =>
    Object.entries((node["properties"] ?? {}) as Json).map(
      ([key, child]) => [`${at}/${key}`, child as Json] as const,
    ),
  );
  expect(properties.length).toBeGreaterThan(100);
  const bad = properties.filter(([, child]) => !/^\S.+\.$/s.test(String(child["description"])));
  expect(bad.map(([at]) => at)).toEqual([]);
});

test("no anyOf and no oneOf, whose errors nobody understands", () => {
  expect(all.filter(([, node]) => "anyOf" in node || "oneOf" in node).map(([at]) => at)).toEqual([]);
});

test("every map with known keys refuses others, except x- ones", () => {
  const open = all.filter(([, node]) => {
    if (!("properties" in node) || !("type" in node)) return false;
    const patterns = Object.keys(node["patternProperties"] ?? {});
    return node["additionalProperties"] !== false || !patterns.includes("^x-");
  });
  expect(open.map(([at]) => at)).toEqual([]);
});

test("every key in the table of what is not built is one the schema knows", () => {
  const unknown = UNBUILT.filter((entry) => {
    let node: unknown = schema;
    for (const part of entry.split(".")) {
      const { properties, patternProperties, items } = follow(node);
      if (part === "*") node = Object.values((patternProperties ?? {}) as Json)[0];
      else if (part === "[]") node = items;
      else node = (properties as Json | undefined)?.[part];
      if (node === undefined) return true;
    }
    return false;
  });
  expect(unknown).toEqual([]);
});

function follow(node: unknown): Json {
  const { $ref: reference } = node as { readonly $ref?: string };
  return reference === undefined
    ? (node as Json)
    : ((schema["definitions"] as Json)[reference.replace("#/definitions/", "")] as Json);
}

test.each(["compose", "project"] as const)(
  "the %s validator that was built is the schema's of today (otherwise: npm run build)",
  (name) => {
    const script = `import("./scripts/validators.mjs").then((it) => process.stdout.write(it.validatorText("${name}")))`;
    const fresh = execFileSync(process.execPath, ["-e", script], { encoding: "utf8", cwd: ROOT });
    expect(readFileSync(`${ROOT}/schema/compiled/${name}.cjs`, "utf8") === fresh).toBe(true);
  },
);
