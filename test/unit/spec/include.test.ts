import { expect, test, vi } from "vitest";
import { specFolder } from "./folder.fixture.ts";

// Many files, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

test("services, volumes and images of an included file are the project's, with paths from their own folder", async () => {
  const folder = await specFolder({
    "compose.yaml": "include: [db/compose.yaml]\nservices: { web: { image: x, depends_on: [db] } }\n",
    "db/compose.yaml":
      "services: { db: { image: y, volumes: [data:/d, ./conf:/conf, ~/h:/h] } }\nvolumes: { data: }\nimages: { y: { import: ./y.tar } }\n",
  });
  const { project, watched } = await folder.load({ env: { HOME: "/home/ada" } });
  expect(Object.keys(project.services).toSorted()).toEqual(["db", "web"]);
  expect(project.services["db"]?.mounts).toMatchObject([
    { source: "shop_data" },
    { source: `${folder.path}/db/conf` },
    { source: "/home/ada/h" },
  ]);
  expect(project.images["y"]?.importFrom).toBe(`${folder.path}/db/y.tar`);
  expect(watched).toContain(`${folder.path}/db/compose.yaml`);
});

test("the long form merges several files, and has a folder and variables of its own", async () => {
  const folder = await specFolder({
    "compose.yaml":
      "include:\n  - path: [one.yaml, two.yaml]\n    project_directory: below\n    env_file: [my.env]\nservices: {}\n",
    "one.yaml": "services: { a: { image: 'x:${TAG}', volumes: ['./v:/v'] } }",
    "two.yaml": "services: { a: { hostname: '${OUTER}' } }",
    "my.env": "TAG=7\nOUTER=not this\n",
    "below/.env": "TAG=8\n",
  });
  const { project } = await folder.load({ env: { OUTER: "outer" } });
  expect(project.services["a"]).toMatchObject({
    image: "x:7",
    hostname: "outer",
    mounts: [{ source: `${folder.path}/below/v` }],
  });
});

test("an included file's .env is its own", async () => {
  const folder = await specFolder({
    "compose.yaml": "include: [sub/compose.yaml]\nservices: { a: { image: '${NAME:-none}' } }\n",
    "sub/compose.yaml": "services: { b: { image: '${NAME}' } }\n",
    "sub/.env": "NAME=sub\n",
  });
  const { project } = await folder.load();
  expect([project.services["a"]?.image, project.services["b"]?.image]).toEqual(["none", "sub"]);
});

test("what the file itself says of an included service is laid over it", async () => {
  const folder = await specFolder({
    "compose.yaml": "include: [base.yaml]\nservices: { a: { hostname: mine } }\n",
    "base.yaml": "services: { a: { image: x, hostname: theirs } }\n",
  });
  expect((await folder.load()).project.services["a"]).toMatchObject({ image: "x", hostname: "mine" });
});

test("a file that two included files include is there once", async () => {
  const folder = await specFolder({
    "compose.yaml": "include: [a.yaml, b.yaml]\nservices: {}\n",
    "a.yaml": "include: [c.yaml]\nservices: { a: { image: x } }\n",
    "b.yaml": "include: [c.yaml]\nservices: { b: { image: x } }\n",
    "c.yaml": "services: { c: { image: x, ports: ['80:80'], group_add: [1] } }\n",
  });
  expect((await folder.load()).project.services["c"]).toMatchObject({ groups: ["1"] });
});

test("mistakes name the file, the line, and who includes it", async () => {
  const folder = await specFolder({
    "compose.yaml": "include:\n  - sub/a.yaml\n  - gone.yaml\n  - oci://example.com/x\nservices: {}\n",
    "sub/a.yaml": "services:\n  a:\n    image: x\n    prots: []\n",
  });
  expect(await folder.diagnose()).toEqual([
    "compose.yaml:3:5 include[1]: gone.yaml: there is no such file",
    'compose.yaml:4:5 include[2]: "oci://example.com/x" is not on this machine; fetch it, and include the copy',
    'sub/a.yaml:4:5, included by compose.yaml:2:5 services.a.prots: unknown key (did you mean "ports"?)',
  ]);
});

test("files that include one another in a circle are an error with the path", async () => {
  const folder = await specFolder({
    "compose.yaml": "include: [a.yaml]\nservices: { x: { image: x } }\n",
    "a.yaml": "include: [b.yaml]\n",
    "b.yaml": "include: [a.yaml]\n",
  });
  expect(await folder.diagnose()).toEqual([
    "b.yaml:1:11, included by a.yaml:1:11, included by compose.yaml:1:11 include[0]: circular: a.yaml -> b.yaml -> a.yaml",
  ]);
});

test("includes that double with every file stop at a limit", async () => {
  const files: Record<string, string> = { "f0.yaml": `services: { ${"x".repeat(20)}: { image: x } }` };
  for (let index = 1; index < 20; index += 1)
    files[`f${index}.yaml`] = `include: [f${index - 1}.yaml, ./f${index - 1}.yaml]\nservices: {}\n`;
  const folder = await specFolder(files);
  const said = await folder.diagnose({ files: ["f19.yaml"] });
  expect(said.some((line) => line.includes("more than 1000 files"))).toBe(true);
});

test.each([
  ["a number", "include: 5", "compose.yaml:1:10 include: expected a list of files"],
  [
    "an unknown key",
    "include: [{ paht: a }]",
    "compose.yaml:1:19 include[0].paht: unknown key (known are path, project_directory and env_file)",
  ],
  ["no path", "include: [{}]", 'compose.yaml:1:11 include[0]: "path" is missing'],
])("%s is no include", async (_what, line, message) => {
  const folder = await specFolder({ "compose.yaml": `${line}\nservices: { a: { image: x } }\n` });
  expect(await folder.diagnose()).toEqual([message]);
});
