// Compiles the JSON Schemas of schema/ to plain functions in schema/compiled/. Compiling at run time cost every command
// and every start of the daemon a quarter of a second.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";

/** The two faces: the file shows the user everything that is wrong, with the schema at hand for hints; the API body the first. */
const OPTIONS = {
  compose: { allErrors: true, verbose: true, allowUnionTypes: true },
  project: { allowUnionTypes: true },
};

/** The JavaScript (CommonJS) of one schema's validator. `name` is a file of schema/, less its `.schema.json`. */
export function validatorText(name) {
  const file = new URL(`../schema/${name}.schema.json`, import.meta.url);
  const ajv = new Ajv({ ...OPTIONS[name], code: { source: true } });
  return `${standalone.default(ajv, ajv.compile(JSON.parse(readFileSync(file, "utf8"))))}\n`;
}

export function writeValidators() {
  const folder = new URL("../schema/compiled/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(OPTIONS)) {
    // Whole or not at all: tests of other checkouts' processes may be reading.
    const partial = new URL(`${name}.${process.pid}.tmp`, folder);
    writeFileSync(partial, validatorText(name));
    renameSync(partial, new URL(`${name}.cjs`, folder));
  }
}
