import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { init } from "../../../src/cli/verbs/init.ts";
import { loadProject } from "../../../src/spec/load.ts";
import { TextBuffer } from "./text-buffer.ts";

test("writes a file that loads without a warning, names the schema that is there, and never overwrites one", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "gantry-init-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const paths = { root: cwd, run: cwd, socket: join(cwd, "none.sock") };
  const context = {
    paths,
    cwd,
    env: {},
    stdin: process.stdin,
    stdout: new TextBuffer(),
    stderr: new TextBuffer(),
  };
  expect(await init(context, { file: "compose.yaml" })).toBe(0);
  const { project, warnings } = await loadProject({ cwd, env: {}, strict: true, projectName: "shop" });
  expect(warnings).toEqual([]);
  expect(project.services["web"]).toMatchObject({ image: "host", replicas: 1 });
  const text = await readFile(join(cwd, "compose.yaml"), "utf8");
  const schema = /\$schema=(\S+)/.exec(text)?.[1] ?? "";
  expect(JSON.parse(await readFile(schema, "utf8"))).toHaveProperty("definitions.service");
  await expect(init(context, { file: "compose.yaml" })).rejects.toMatchObject({ code: "conflict" });
});
