import { createRequire } from "node:module";
import type { ValidateFunction } from "ajv";
import { packageFile } from "../package-file.ts";

/**
 * The validator of schema/`name`.schema.json, compiled when gantry was built (scripts/validators.mjs): compiling at run
 * time takes a quarter of a second. Its `errors` are those of its last call.
 */
export function compiledSchema<T>(name: "compose" | "project"): ValidateFunction<T> {
  return require(packageFile(`schema/compiled/${name}.cjs`)) as ValidateFunction<T>;
}

const require = createRequire(import.meta.url);
