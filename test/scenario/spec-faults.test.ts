import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";

const instance = instanceForEach();

const SLEEPER = `name: shop
services:
  web:
    image: host
    command: [sleep, infinity]
    stop_signal: SIGKILL
`;

/** Nobody was asked: there is no daemon, and no folder for its state. */
function expectNoTrace(): void {
  for (const folder of Object.values(instance().env)) expect(existsSync(folder)).toBe(false);
}

describe("a file with a fault is refused with its place, exit 1, and nothing is done", () => {
  test.each([
    [
      "a syntax error",
      `name: shop
services:
  web:
    image: host
    command: [sleep, "1"
  other: x
`,
      "compose.yaml:6:3: Flow sequence in block collection must be sufficiently indented and end with a ]\n",
    ],
    [
      "an unknown key",
      `${SLEEPER}    comand: sleep 1\n`,
      'compose.yaml:7:5 services.web.comand: unknown key (did you mean "command"?)\n',
    ],
    [
      "a wrong type",
      `${SLEEPER}    deploy: { replicas: many }\n`,
      'compose.yaml:7:25 services.web.deploy.replicas: expected a whole number, got "many"\n',
    ],
    [
      "a volume that is not declared",
      `${SLEEPER}    volumes: ["data:/data"]\n`,
      'compose.yaml:7:15 services.web.volumes[0]: the volume "data" is not declared; add it to the top-level volumes, or write ./data\n',
    ],
    [
      "a service that does not exist",
      `${SLEEPER}    depends_on: [nobody]\n`,
      'compose.yaml:7:18 services.web.depends_on[0]: there is no service "nobody"\n',
    ],
    [
      "a circle of services",
      `${SLEEPER}    depends_on: [db]
  db:
    image: host
    depends_on: [web]
`,
      "compose.yaml:7:5 services.web.depends_on: circular: web -> db -> web\n",
    ],
    [
      "a variable that must be set",
      `${SLEEPER}    environment: { PASSWORD: "\${PASSWORD_OF_NOBODY:?choose one}" }\n`,
      "compose.yaml:7:30 services.web.environment.PASSWORD: the variable PASSWORD_OF_NOBODY must be set: choose one\n",
    ],
  ])("%s", async (_, spec, message) => {
    await instance().write("compose.yaml", spec);
    const verbs = [["apply", "--wait"], ["apply", "--dry-run"], ["plan"]];
    const results = await Promise.all(verbs.map((verb) => instance().gantry(verb)));
    for (const result of results) expect(result).toEqual({ code: 1, stdout: "", stderr: message });
    expectNoTrace();
  });

  test("several faults are all said at once, in the order of the file", async () => {
    await instance().write(
      "compose.yaml",
      `${SLEEPER}    comand: sleep 1
    deploy: { replicas: many }
    volumes: ["data:/data"]
  db:
    image: host
    environment: 5
`,
    );
    const { code, stderr } = await instance().gantry(["apply"]);
    expect(code).toBe(1);
    const places = [...stderr.matchAll(/^compose\.yaml:(\d+:\d+) (\S+): /gm)].map(
      ([, place, path]) => `${place} ${path}`,
    );
    expect(places).toEqual([
      "7:5 services.web.comand",
      "8:25 services.web.deploy.replicas",
      "9:15 services.web.volumes[0]",
      "12:18 services.db.environment",
    ]);
    expectNoTrace();
  });

  test("no file at all", async () => {
    const { code, stderr } = await instance().gantry(["apply"]);
    expect(code).toBe(1);
    expect(stderr).toContain("compose.yaml");
    expect(stderr).toContain("name the file with -f");
    expect((await instance().gantry(["apply", "-f", "nowhere.yaml"])).stderr).toContain("nowhere.yaml");
    expectNoTrace();
  });
});

test("a broken edit leaves what runs alone, and the project can still be taken down", async () => {
  await instance().apply(SLEEPER);
  const before = await instance().pidOf("shop-web-1");
  await instance().write("compose.yaml", `${SLEEPER}    comand: sleep 1\n`);
  expect(await instance().gantry(["apply"])).toMatchObject({ code: 1, stdout: "" });
  expect(await instance().gantry(["scale", "web=3"])).toMatchObject({ code: 1, stdout: "" });
  expect(await instance().pidOf("shop-web-1")).toBe(before);
  expect(await instance().running()).toEqual(["shop-web-1"]);
  await instance().ok(["down"]);
  expect(await instance().running()).toEqual([]);
});

test("a key that is not built yet is a warning, and an error when strict", async () => {
  await instance().write("compose.yaml", `${SLEEPER}    develop: { watch: [] }\n`);
  expect(await instance().gantry(["plan", "--strict"])).toEqual({
    code: 1,
    stdout: "",
    stderr: "compose.yaml:7:5 services.web.develop: not built yet\n",
  });
  expectNoTrace();
  const { code, stderr } = await instance().gantry(["apply", "--wait"]);
  expect(code).toBe(0);
  expect(stderr).toContain("warning: compose.yaml:7:5 services.web.develop: not built yet, ignored\n");
  expect(await instance().running()).toEqual(["shop-web-1"]);
});

test("variables come from the environment, then .env beside the file, then their defaults", async () => {
  await instance().write(".env", "FROM_FILE=file\nFROM_BOTH=file\n");
  await instance().write(
    "compose.yaml",
    `${SLEEPER}    environment:
      A: \${FROM_FILE}
      B: \${FROM_BOTH}
      C: \${FROM_NOBODY:-default}
      D: $$PRICE
`,
  );
  await instance().ok(["apply", "--wait"], { env: { FROM_BOTH: "environment" } });
  const printed = await instance().ok(["exec", "shop-web-1", "printenv", "A", "B", "C", "D"]);
  expect(printed).toBe("file\nenvironment\ndefault\n$PRICE\n");
});

test("the file can come from standard input", async () => {
  await instance().ok(["apply", "-f", "-", "--wait"], { stdin: SLEEPER });
  expect(await instance().running()).toEqual(["shop-web-1"]);
  const broken = await instance().gantry(["apply", "-f", "-"], { stdin: `${SLEEPER}    comand: x\n` });
  expect(broken.code).toBe(1);
  expect(broken.stderr).toContain('-:7:5 services.web.comand: unknown key (did you mean "command"?)\n');
  expect(await instance().running()).toEqual(["shop-web-1"]);
});

test("the file is found from a folder below it", async () => {
  await instance().write("compose.yaml", SLEEPER);
  const below = join(instance().folder, "some/where");
  await mkdir(below, { recursive: true });
  await instance().ok(["apply", "--wait"], { cwd: below });
  expect(await instance().running()).toEqual(["shop-web-1"]);
});
