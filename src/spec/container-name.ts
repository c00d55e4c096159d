import { InvalidValue } from "./report.ts";

/** A container's own name, by docker's grammar. Throws InvalidValue. */
export function readContainerName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)) return name;
  throw new InvalidValue(
    `"${name}" is not a container's name (letters, digits, ".", "_" and "-", at most 128)`,
  );
}
