import { basename } from "node:path";
import { InvalidValue } from "./report.ts";

const MAX_LENGTH = 63;

/** A project's name as it is written. Throws InvalidValue. */
export function readProjectName(name: string): string {
  if (name.length <= MAX_LENGTH && /^[a-z0-9][a-z0-9_-]*$/.test(name)) return name;
  throw new InvalidValue(
    `"${name}" is not a project name (lower-case letters, digits, - and _, beginning with a letter or a digit, ` +
      `at most ${MAX_LENGTH})`,
  );
}

/** A folder's name as a project's, made fit as Compose does it: lower case, without what a name cannot hold. */
export function projectNameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "")
    .slice(0, MAX_LENGTH);
  if (name === "")
    throw new InvalidValue(
      `no project name can be made of the folder "${folder}"; set the top-level name, or use -p`,
    );
  return name;
}
