import type { ErrorObject } from "ajv";
import { GantryError } from "../../error.ts";
import { compiledSchema } from "../../spec/compiled-schema.ts";
import type { Project } from "../../spec/project.ts";
import { invalid } from "./errors.ts";

/** Checks that a value is a Project of the name that the path says. */
export type ProjectReader = (value: unknown, name: string) => Project;

/** Reads by schema/project.schema.json. The reader throws spec.invalid, or request.invalid for another name. */
export function projectReader(): ProjectReader {
  // One error is enough, and cheaper to find in a hostile body: the CLI has validated the file with all of them.
  const validate = compiledSchema<Project>("project");
  return (value, name) => {
    if (!validate(value)) throw new GantryError("spec.invalid", describe(validate.errors?.[0]));
    if (value.name !== name) {
      throw invalid(`the path names project "${name}", the body "${value.name}"`);
    }
    return value;
  };
}

function describe(error: ErrorObject | undefined): string {
  if (error === undefined) return "project: invalid";
  const path = error.instancePath.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
  const key = (error.params as { additionalProperty?: string }).additionalProperty;
  const unknown = key === undefined ? "" : `: "${key}"`;
  return `project${path === "" ? "" : `.${path}`}: ${error.message ?? "invalid"}${unknown}`;
}
