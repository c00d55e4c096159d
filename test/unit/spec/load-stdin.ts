import { renderDiagnostic, SpecError } from "../../../src/spec/diagnostic.ts";
import { loadProject } from "../../../src/spec/load.ts";
import type { LoadResult } from "../../../src/spec/load.ts";
import type { LoadOptions } from "../../../src/spec/model.ts";

/** Loads a text as standard input, from a folder that does not exist, so that no file of the machine takes part. */
export async function loadText(text: string, options: Partial<LoadOptions> = {}): Promise<LoadResult> {
  return loadProject({
    files: ["-"],
    cwd: "/nowhere/shop",
    env: { HOME: "/home/ada" },
    readStdin: () => Promise.resolve(text),
    ...options,
  });
}

/** Everything said about a text, errors and warnings, one rendered line each. */
export async function diagnose(text: string, options: Partial<LoadOptions> = {}): Promise<readonly string[]> {
  try {
    return (await loadText(text, options)).warnings.map(renderDiagnostic);
  } catch (error) {
    if (error instanceof SpecError) return error.diagnostics.map(renderDiagnostic);
    throw error;
  }
}
