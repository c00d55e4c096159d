import { expect, test } from "vitest";
import { specFolder } from "./folder.fixture.ts";

test("a service takes over what another of the same file says", async () => {
  const folder = await specFolder({
    "compose.yaml":
      "services:\n  base: { image: x, environment: { A: 1, B: 2 }, command: [a] }\n  web:\n    extends: base\n    environment: { B: 3 }\n    command: [b]\n",
  });
  expect((await folder.load()).project.services["web"]).toMatchObject({
    image: "x",
    environment: { A: "1", B: "3" },
    command: ["b"],
  });
});

test("a service of another file comes with paths from that file's folder, through several files", async () => {
  const folder = await specFolder({
    "compose.yaml":
      "services: { web: { extends: { file: common/base.yaml, service: app }, volumes: ['./here:/here'] } }",
    "common/base.yaml":
      "services: { app: { extends: { file: ../root.yaml, service: root }, env_file: app.env, volumes: ['./there:/there'] } }",
    "root.yaml": "services: { root: { image: x, volumes: ['./top:/top'] } }",
    "common/app.env": "FROM=common\n",
  });
  const { project, watched } = await folder.load();
  expect(project.services["web"]).toMatchObject({ image: "x", environment: { FROM: "common" } });
  expect(project.services["web"]?.mounts).toMatchObject([
    { source: `${folder.path}/top` },
    { source: `${folder.path}/common/there` },
    { source: `${folder.path}/here` },
  ]);
  expect(Object.keys(project.services)).toEqual(["web"]);
  expect(watched).toEqual(
    expect.arrayContaining(
      ["common/base.yaml", "root.yaml", "common/app.env"].map((name) => `${folder.path}/${name}`),
    ),
  );
});

test("a service extends one that is included", async () => {
  const folder = await specFolder({
    "compose.yaml": "include: [base.yaml]\nservices: { web: { extends: base, scale: 2 } }",
    "base.yaml": "services: { base: { image: x, scale: 0 } }",
  });
  expect((await folder.load()).project.services["web"]).toMatchObject({ image: "x", replicas: 2 });
});

test("!reset takes away what is extended", async () => {
  const folder = await specFolder({
    "compose.yaml":
      "services:\n  base: { image: x, ports: ['80:80'] }\n  web: { extends: { service: base }, ports: !reset null }\n",
  });
  const { project } = await folder.load();
  expect(project.services["web"]?.ports).toEqual([]);
  expect(project.services["base"]?.ports).toHaveLength(1);
});

test("a mistake names where it is written, and who extends it", async () => {
  const folder = await specFolder({
    "compose.yaml": "services:\n  web:\n    extends:\n      file: base.yaml\n      service: app\n",
    "base.yaml": "services:\n  app:\n    image: x\n    scale: many\n",
  });
  expect(await folder.diagnose()).toEqual([
    'base.yaml:4:12, extended by compose.yaml:3:5 services.web.scale: expected a whole number, got "many"',
  ]);
});

test("services that extend one another in a circle are an error with the path", async () => {
  const folder = await specFolder({
    "compose.yaml": "services:\n  a: { image: x, extends: { file: b.yaml, service: b } }\n",
    "b.yaml": "services:\n  b: { extends: c }\n  c: { extends: { file: compose.yaml, service: a } }\n",
  });
  expect(await folder.diagnose()).toEqual([
    "compose.yaml:2:27 services.a.extends: circular: compose.yaml a -> b.yaml b -> b.yaml c -> compose.yaml a",
  ]);
});

test.each([
  [
    "a service that is not there",
    "bsae",
    'compose.yaml:3:19 services.a.extends: there is no service "bsae" (did you mean "base"?)',
  ],
  ["no service", "{ file: x.yaml }", 'compose.yaml:3:19 services.a.extends: "service" is missing'],
  [
    "a list",
    "[]",
    "compose.yaml:3:19 services.a.extends: expected a service, or a map with service and file",
  ],
  [
    "a file that is not there",
    "{ file: x.yaml, service: s }",
    "compose.yaml:3:19 services.a.extends: x.yaml: there is no such file",
  ],
  [
    "an unknown key",
    "{ sevice: base }",
    "compose.yaml:3:29 services.a.extends.sevice: unknown key (known are service and file)",
  ],
])("%s cannot be extended", async (_what, written, message) => {
  const folder = await specFolder({
    "compose.yaml": `services:\n  base: { image: x }\n  a: {   extends: ${written}, image: x }\n`,
  });
  expect(await folder.diagnose()).toEqual([message]);
});
