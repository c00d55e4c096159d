import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findSpecFile } from "../../../src/spec/file.ts";
import { loadProject } from "../../../src/spec/load.ts";

const SOUND = "services: { a: { image: x } }\n";
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gantry-spec-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("files are preferred in Compose's order, gantry.yaml coming last", async () => {
  const order = ["gantry.yaml", "docker-compose.yaml", "docker-compose.yml", "compose.yml", "compose.yaml"];
  for (const name of order) {
    await writeFile(join(folder, name), SOUND);
    expect(await findSpecFile(folder)).toBe(join(folder, name));
  }
});

test("a file above is found, paths are relative to it, and it is shown whole", async () => {
  const below = join(folder, "a", "b");
  await mkdir(below, { recursive: true });
  await writeFile(
    join(folder, "compose.yaml"),
    "services: { a: { image: x, volumes: ['./d:/d'], pull_refresh_after: 1h } }",
  );
  const { project, warnings, watched } = await loadProject({ cwd: below, env: {} });
  expect(project.workingFolder).toBe(folder);
  expect(project.services["a"]?.mounts[0]).toMatchObject({ source: join(folder, "d") });
  expect(warnings[0]?.file).toBe(join(folder, "compose.yaml"));
  expect(watched).toEqual(
    [
      "compose.yaml",
      "compose.override.yaml",
      "compose.override.yml",
      "docker-compose.override.yml",
      "docker-compose.override.yaml",
      "gantry.override.yaml",
      ".env",
    ].map((name) => join(folder, name)),
  );
});

test(".env gives defaults that the environment overrides", async () => {
  await writeFile(join(folder, ".env"), "TAG=1\nN=2\n");
  await writeFile(join(folder, "compose.yaml"), 'services: { a: { image: "x:${TAG}", scale: "${N}" } }');
  const { project } = await loadProject({ cwd: folder, env: { N: "3" } });
  expect(project.services["a"]).toMatchObject({ image: "x:1", replicas: 3 });
});

test("what is wrong in .env and in the file is told together", async () => {
  await writeFile(join(folder, ".env"), "!\n");
  await writeFile(join(folder, "compose.yaml"), "services: { a: {} }\n");
  await expect(loadProject({ cwd: folder, env: {} })).rejects.toMatchObject({
    code: "spec.invalid",
    message:
      '.env:1:1: expected NAME=value, "export NAME=value" or a # comment\n' +
      'compose.yaml:1:13 services.a: "image" is missing',
  });
});

test("the project's name comes from -p, the environment, .env, the file, the folder, in this order", async () => {
  const named = join(folder, "My Shop");
  await mkdir(named);
  await writeFile(join(named, "compose.yaml"), SOUND);
  const nameWith = async (options: { env?: Record<string, string>; projectName?: string }) =>
    (await loadProject({ cwd: named, env: {}, ...options })).project.name;
  expect(await nameWith({})).toBe("myshop");
  await writeFile(join(named, "compose.yaml"), `name: from-\${WHERE:-file}\n${SOUND}`);
  expect(await nameWith({})).toBe("from-file");
  await writeFile(join(named, ".env"), "COMPOSE_PROJECT_NAME=from-dotenv");
  expect(await nameWith({})).toBe("from-dotenv");
  expect(await nameWith({ env: { COMPOSE_PROJECT_NAME: "from-env" } })).toBe("from-env");
  expect(await nameWith({ env: { COMPOSE_PROJECT_NAME: "from-env" }, projectName: "from-flag" })).toBe(
    "from-flag",
  );
  await expect(nameWith({ projectName: "No" })).rejects.toMatchObject({ code: "spec.invalid" });
});

test("a file that is missing, a folder, and no file at all are said to be so", async () => {
  const load = (...files: string[]) => loadProject({ cwd: folder, env: {}, files });
  await expect(load("no.yaml")).rejects.toMatchObject({
    code: "spec.not-found",
    message: "no.yaml:1:1: there is no such file",
  });
  await expect(load(".")).rejects.toMatchObject({
    code: "spec.not-found",
    message: `${folder}:1:1: this is a folder, not a file`,
  });
  await expect(load()).rejects.toMatchObject({ code: "spec.not-found", next: "name the file with -f" });
});
