import { join, resolve } from "node:path";
import { SpecError } from "./diagnostic.ts";
import { parseDotenv } from "./dotenv.ts";
import type { Workspace } from "./workspace.ts";

/** A variable's value; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

/**
 * The variables of a project: `outer` (the environment, or the including project) over the files, of which later ones
 * win. Without `files` it is `.env` of the folder, which need not exist. What is wrong in a file goes to the report.
 */
export async function readVariables(
  workspace: Workspace,
  outer: Lookup,
  folder: string,
  files: readonly string[] | undefined,
): Promise<Lookup> {
  const values = new Map<string, string>();
  const lookup: Lookup = (name) => outer(name) ?? values.get(name);
  for (const path of (files ?? [join(folder, ".env")]).map((file) => resolve(folder, file))) {
    if (path === "/dev/null") continue;
    const text = await readReported(workspace, path);
    if (text === undefined) {
      if (files !== undefined) reportMissing(workspace, path);
      continue;
    }
    const read = parseDotenv(text, workspace.shown(path), lookup);
    for (const diagnostic of read.diagnostics) workspace.report.add(diagnostic);
    for (const [name, value] of read.values) values.set(name, value);
  }
  return lookup;
}

async function readReported(workspace: Workspace, path: string): Promise<string | undefined> {
  try {
    return await workspace.readText(path);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    for (const diagnostic of error.diagnostics) workspace.report.add(diagnostic);
    return "";
  }
}

function reportMissing(workspace: Workspace, path: string): void {
  const file = workspace.shown(path);
  const message = "there is no such file";
  workspace.report.add({ severity: "error", file, line: 1, column: 1, path: "", message });
}
