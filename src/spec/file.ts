import { readFileSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GantryError } from "../error.ts";
import { packageFile } from "../package-file.ts";
import { SpecError } from "./diagnostic.ts";
import { MAX_FILE_BYTES } from "./text.ts";
import type { JsonSchema } from "./validate.ts";

/** The one file of this folder that touches the file system. */

/** In the order they are preferred; the last is gantry's own. */
export const SPEC_NAMES = [
  "compose.yaml",
  "compose.yml",
  "docker-compose.yml",
  "docker-compose.yaml",
  "gantry.yaml",
] as const;

/** The spec file of a folder, or of the nearest folder above that has one, as Compose looks for it. */
export async function findSpecFile(cwd: string): Promise<string | undefined> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    for (const name of SPEC_NAMES) {
      const path = join(folder, name);
      if (await exists(path)) return path;
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** The override files beside a spec, in the order they are preferred. */
export async function findOverrides(
  spec: string,
): Promise<{ readonly present: readonly string[]; readonly possible: readonly string[] }> {
  const possible = SPEC_NAMES.map((name) => join(dirname(spec), name.replace(/\.(ya?ml)$/, ".override.$1")));
  const present: string[] = [];
  for (const path of possible) if (await exists(path)) present.push(path);
  return { present, possible };
}

/** A file's bytes, at most one more than MAX_FILE_BYTES. Throws SpecError (spec.not-found), naming it as `shown`. */
export async function readSpecFile(path: string, shown: string): Promise<Uint8Array> {
  try {
    return await readLimited(path);
  } catch (error) {
    throw notReadable(shown, error);
  }
}

/** As readSpecFile, but undefined where there is no such file. */
export async function readOptionalFile(path: string, shown: string): Promise<Uint8Array | undefined> {
  try {
    return await readLimited(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw notReadable(shown, error);
  }
}

/** schema/compose.schema.json, read once. */
export function readSchema(): JsonSchema {
  schema ??= JSON.parse(readFileSync(packageFile("schema/compose.schema.json"), "utf8")) as JsonSchema;
  return schema;
}

let schema: JsonSchema | undefined;

/** Pipes (`-f <(...)`) and devices have no size to ask for, so reading stops once there is too much. */
async function readLimited(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    while (size <= MAX_FILE_BYTES) {
      const chunk = Buffer.alloc(Math.min(64 * 1024, MAX_FILE_BYTES + 1 - size));
      const { bytesRead } = await file.read(chunk);
      if (bytesRead === 0) break;
      chunks.push(chunk.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await file.close();
  }
  return Buffer.concat(chunks);
}

async function exists(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

function notReadable(shown: string, error: unknown): GantryError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    ENOTDIR: "there is no such file",
    EISDIR: "this is a folder, not a file",
    EACCES: "permission denied",
  };
  const code = codeOf(error);
  const message = reasons[code] ?? `cannot be read (${code})`;
  return new SpecError(
    "spec.not-found",
    [{ severity: "error", file: shown, line: 1, column: 1, path: "", message }],
    { cause: error },
  );
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "unknown";
}
