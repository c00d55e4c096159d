import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  composeSchema,
  descriptionOf,
  renderTable,
  specificationKeys,
  stateOf,
} from "../../../scripts/compose-table.mjs";
import { AS_ALWAYS, REFUSED, WITHOUT_EFFECT } from "../../../src/spec/refused.ts";
import { UNBUILT } from "../../../src/spec/unbuilt.ts";

const TABLES = { unbuilt: UNBUILT, refused: REFUSED, withoutEffect: WITHOUT_EFFECT, asAlways: AS_ALWAYS };

test("the schema knows every key of the Compose Specification", () => {
  const schema = composeSchema();
  expect(specificationKeys().filter((key) => descriptionOf(schema, key) === undefined)).toEqual([]);
});

test("what the tables say is about keys that there are, each in one table only", () => {
  const told = [
    ...UNBUILT,
    ...Object.keys(REFUSED),
    ...Object.keys(WITHOUT_EFFECT),
    ...Object.keys(AS_ALWAYS),
  ];
  expect(told.filter((key) => !specificationKeys().includes(key))).toEqual([]);
  expect(new Set(told).size).toBe(told.length);
});

test("a key has the state of what encloses it", () => {
  expect(stateOf("services.*.gpus.[].count", TABLES)[0]).toBe("refused");
  expect(stateOf("services.*.image", TABLES)).toEqual(["works", ""]);
});

test("docs/compose.md says what the tables say (npm run build && npm run docs makes it)", async () => {
  const made = renderTable(specificationKeys(), composeSchema(), TABLES);
  expect(await readFile(new URL("../../../docs/compose.md", import.meta.url), "utf8")).toBe(made);
});
