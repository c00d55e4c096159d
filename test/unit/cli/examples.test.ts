import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadProject } from "../../../src/spec/load.ts";

const folder = fileURLToPath(new URL("../../../examples", import.meta.url));

const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test.each(names)("examples/%s loads without a warning and is called like its folder", async (name) => {
  const files = [join(folder, name, "compose.yaml")];
  const { project, warnings } = await loadProject({ files, cwd: folder, env: {}, strict: true });
  expect(warnings).toEqual([]);
  expect(project.name).toBe(name);
});
