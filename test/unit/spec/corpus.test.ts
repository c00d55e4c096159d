import { expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { loadProject, loadUninterpolated } from "../../../src/spec/load.ts";
import { escaped } from "../../../src/spec/escape.ts";
import { samples } from "./corpus.fixture.ts";

// Many files, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const SAMPLES = samples();

test("there are at least 150 projects", () => {
  expect(SAMPLES.length).toBeGreaterThanOrEqual(150);
});

test.each(SAMPLES)("$name loads, and its long form means the same", async ({ name, options }) => {
  const { project, warnings, canonical } = await loadProject(options);
  const odd = warnings.filter(({ message }) => !/not built|obsolete|ignored|no effect/.test(message));
  expect(odd).toEqual([]);
  const text = stringify(escaped(canonical()), { lineWidth: 0 });
  const again = await loadProject({
    ...options,
    files: ["-"],
    cwd: project.workingFolder,
    readStdin: () => Promise.resolve(text),
  }).catch((error: unknown) => {
    throw new Error(`${name}, printed:\n${text}`, { cause: error });
  });
  expect({ ...again.project, files: project.files }).toEqual(project);
  expect(again.canonical()).toEqual(canonical());
});

test.each(SAMPLES)("$name loads without its variables replaced", async ({ options }) => {
  expect((await loadUninterpolated(options)).value).toHaveProperty("services");
});
