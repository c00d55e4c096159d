import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { renderDiagnostic, SpecError } from "../../../src/spec/diagnostic.ts";
import { loadProject } from "../../../src/spec/load.ts";
import type { LoadResult } from "../../../src/spec/load.ts";
import type { LoadOptions } from "../../../src/spec/model.ts";

export interface SpecFolder {
  /** Absolute. */
  readonly path: string;
  load(options?: Partial<LoadOptions>): Promise<LoadResult>;
  /** Everything said, errors and warnings, one rendered line each. */
  diagnose(options?: Partial<LoadOptions>): Promise<readonly string[]>;
}

/** A folder called `shop` with these files, by relative path, that is gone when the test is over. */
export async function specFolder(files: Readonly<Record<string, string>>): Promise<SpecFolder> {
  const above = await mkdtemp(join(tmpdir(), "gantry-spec-"));
  onTestFinished(() => rm(above, { recursive: true, force: true }));
  const path = join(above, "shop");
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  const load = (options: Partial<LoadOptions> = {}) => loadProject({ cwd: path, env: {}, ...options });
  return {
    path,
    load,
    diagnose: async (options) => {
      try {
        return (await load(options)).warnings.map(renderDiagnostic);
      } catch (error) {
        if (error instanceof SpecError) return error.diagnostics.map(renderDiagnostic);
        throw error;
      }
    },
  };
}
