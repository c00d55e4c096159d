import { expect, test } from "vitest";
import { specFolder } from "./folder.fixture.ts";

test("COMPOSE_FILE names the files, in the environment or in .env of the current folder", async () => {
  const files = {
    "a.yaml": "services: { a: { image: x } }",
    "b.yaml": "services: { a: { image: y } }",
    "compose.yaml": "services: { other: { image: z } }",
  };
  const folder = await specFolder(files);
  expect((await folder.load({ env: { COMPOSE_FILE: "a.yaml:b.yaml" } })).project.services).toMatchObject({
    a: { image: "y" },
  });
  const other = { COMPOSE_FILE: "b.yaml|a.yaml", COMPOSE_PATH_SEPARATOR: "|" };
  expect((await folder.load({ env: other })).project.services).toMatchObject({ a: { image: "x" } });
  const dotenv = await specFolder({ ...files, ".env": "COMPOSE_FILE=a.yaml\n" });
  expect(Object.keys((await dotenv.load()).project.services)).toEqual(["a"]);
  expect(Object.keys((await dotenv.load({ files: ["compose.yaml"] })).project.services)).toEqual(["other"]);
});

test("--env-file takes the place of .env, later files winning; one that is missing is an error", async () => {
  const folder = await specFolder({
    "compose.yaml": "services: { a: { image: 'x:${A:-0}${B:-0}${C:-0}' } }",
    ".env": "C=9\n",
    "one.env": "A=1\nB=1\n",
    "two.env": "B=2${A}\n",
  });
  const image = async (options: object) => (await folder.load(options)).project.services["a"]?.image;
  expect(await image({ envFiles: ["one.env", "two.env"] })).toBe("x:1210");
  expect(await image({ env: { COMPOSE_ENV_FILES: "one.env" } })).toBe("x:110");
  expect(await image({ env: { COMPOSE_DISABLE_ENV_FILE: "1" } })).toBe("x:000");
  expect(await folder.diagnose({ envFiles: ["no.env"] })).toEqual(["no.env:1:1: there is no such file"]);
});

test("--project-directory is where relative paths start", async () => {
  const folder = await specFolder({ "compose.yaml": "services: { a: { image: x, volumes: ['./d:/d'] } }" });
  const { project } = await folder.load({ projectFolder: "elsewhere" });
  expect(project.workingFolder).toBe(`${folder.path}/elsewhere`);
  expect(project.name).toBe("elsewhere");
  expect(project.services["a"]?.mounts).toMatchObject([{ source: `${folder.path}/elsewhere/d` }]);
});

test("a service with profiles runs when one of them is active", async () => {
  const folder = await specFolder({
    "compose.yaml":
      "services:\n  web: { image: x }\n  debug: { image: x, profiles: [debug, dev] }\n  test: { image: x, profiles: [test] }\n",
  });
  const services = async (options: object) => Object.keys((await folder.load(options)).project.services);
  expect(await services({})).toEqual(["web"]);
  expect(await services({ profiles: ["dev"] })).toEqual(["web", "debug"]);
  expect(await services({ env: { COMPOSE_PROFILES: "debug,test" } })).toEqual(["web", "debug", "test"]);
  expect(await services({ env: { COMPOSE_PROFILES: "debug" }, profiles: ["test"] })).toEqual(["web", "test"]);
  expect(await services({ profiles: ["*"] })).toEqual(["web", "debug", "test"]);
});

test("who depends on a service that waits for a profile is told which", async () => {
  const folder = await specFolder({
    "compose.yaml":
      "services:\n  web: { image: x, depends_on: [db] }\n  opt: { image: x, depends_on: { db: { required: false } } }\n  db: { image: x, profiles: [full, db] }\n",
  });
  expect((await folder.diagnose()).filter((line) => !line.includes("not built"))).toEqual([
    'compose.yaml:2:33 services.web.depends_on[0]: the service "db" is not active: it needs the profile full or db',
  ]);
});

test("files of an inactive service are not asked for, and its mistakes of form are told", async () => {
  const folder = await specFolder({
    "compose.yaml": "services:\n  web: { image: x }\n  off: { profiles: [p], env_file: no.env, prots: [] }\n",
  });
  expect(await folder.diagnose()).toEqual([
    'compose.yaml:3:43 services.off.prots: unknown key (did you mean "ports"?)',
  ]);
});

test("env_file: later files over earlier, environment over all of them", async () => {
  const folder = await specFolder({
    "compose.yaml":
      "services:\n  a:\n    image: x\n    env_file:\n      - one.env\n      - { path: two.env, required: true }\n      - { path: gone.env, required: false }\n      - { path: raw.env, format: raw }\n    environment: { D: own, PASSED: }\n",
    "one.env": "A=1\nB=1\nD=1\n",
    "two.env": "# comment\nB='2'\nC=\"$A and ${OUTER:-none}\"\n",
    "raw.env": "RAW='a' $A ${x} # no comment\n",
  });
  const { project } = await folder.load({ env: { OUTER: "outside", PASSED: "through" } });
  expect(project.services["a"]?.environment).toEqual({
    A: "1",
    B: "2",
    C: "1 and outside",
    D: "own",
    RAW: "'a' $A ${x} # no comment",
    PASSED: "through",
  });
});

test("label_file: labels over it", async () => {
  const folder = await specFolder({
    "compose.yaml": "services: { a: { image: x, label_file: [l.env], labels: { b: own } } }",
    "l.env": "com.example.a=1\nb=2\n",
  });
  expect((await folder.load()).project.services["a"]?.labels).toEqual({ "com.example.a": "1", b: "own" });
});

test("mistakes about and in an env_file", async () => {
  const folder = await specFolder({
    "compose.yaml":
      "services:\n  a:\n    image: x\n    env_file:\n      - gone.env\n      - bad.env\n      - .\n",
    "bad.env": "A=1\n!\n",
  });
  expect(await folder.diagnose()).toEqual([
    'bad.env:2:1: expected NAME=value, "export NAME=value" or a # comment',
    "compose.yaml:5:9 services.a.env_file[0]: gone.env: there is no such file",
    `compose.yaml:7:9 services.a.env_file[2]: ${folder.path}: this is a folder, not a file`,
  ]);
});
