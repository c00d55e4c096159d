import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { specFolder } from "./folder.fixture.ts";

// Megabytes, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const SOUND = "services: { a: { image: x } }\n";

test("a file of 100 MB is refused without being read to its end, whoever names it", async () => {
  const folder = await specFolder({ "compose.yaml": `include: [big.yaml]\n${SOUND}` });
  const big = await open(join(folder.path, "big.yaml"), "w");
  await big.truncate(100 * 1024 * 1024);
  await big.close();
  expect(await folder.diagnose()).toEqual(["big.yaml:1:1: larger than 10 MB"]);
  expect(await folder.diagnose({ envFiles: ["big.yaml"], files: ["compose.yaml"] })).toContain(
    "big.yaml:1:1: larger than 10 MB",
  );
});

test.each([
  [
    "a key that stands there twice",
    "services:\n  a: { image: x }\n  a: { image: y }\n",
    "part.yaml:3:3, included by compose.yaml:1:11 services.a: this key appears twice in the same map",
  ],
  ["a tab", "services:\n\ta: { image: x }\n", "part.yaml:2:1: Tabs are not allowed as indentation"],
  [
    "nesting",
    `x-a: ${"[".repeat(200)}${"]".repeat(200)}\n`,
    "part.yaml:1:106: nested more than 100 levels deep",
  ],
  [
    "an anchor in itself",
    "x-a: &a [*a]\n",
    "part.yaml:1:10, included by compose.yaml:1:11 x-a[0][0]: the anchor &a contains itself",
  ],
  [
    "a variable that must be set",
    "services: { b: { image: '${NO:?set it}' } }\n",
    "part.yaml:1:25, included by compose.yaml:1:11 services.b.image: the variable NO must be set: set it",
  ],
])("an included file with %s is told of where it is", async (_what, text, message) => {
  const folder = await specFolder({ "compose.yaml": `include: [part.yaml]\n${SOUND}`, "part.yaml": text });
  expect((await folder.diagnose()).filter((line) => line.startsWith("part.yaml"))).toEqual([message]);
});

test("a billion laughs over two files is refused as in one", async () => {
  const laughs = ["x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"];
  for (let index = 1; index < 10; index += 1)
    laughs.push(
      `x-${index}: &a${index} [${Array(9)
        .fill(`*a${index - 1}`)
        .join(", ")}]`,
    );
  const folder = await specFolder({
    "compose.yaml": `include: [laughs.yaml]\n${SOUND}`,
    "laughs.yaml": `${laughs.join("\n")}\n`,
  });
  expect(await folder.diagnose()).toEqual([
    expect.stringMatching(
      /^laughs\.yaml:\d+:\d+, included by compose\.yaml:1:11: more than 250000 values/,
    ) as string,
  ]);
});

test("extending in a chain, each service laid over the one before, is no more than a chain", async () => {
  const chain = Array.from(
    { length: 90 },
    (_, index) => `  s${index + 1}: { extends: s${index}, labels: [l${index}=1] }\n`,
  );
  const folder = await specFolder({ "compose.yaml": `services:\n  s0: { image: x }\n${chain.join("")}` });
  const { project } = await folder.load();
  expect(Object.keys(project.services["s90"]?.labels ?? {})).toHaveLength(90);
});

test("BOM and CRLF, in the file, in what it includes and in .env, change nothing", async () => {
  const windows = (text: string) => `\uFEFF${text.replaceAll("\n", "\r\n")}`;
  const folder = await specFolder({
    "compose.yaml": windows("include:\n  - part.yaml\nservices:\n  a:\n    image: x:${TAG}\n"),
    "part.yaml": windows("services:\n  b:\n    image: y:${TAG}\n    env_file: b.env\n"),
    ".env": windows("TAG=1\nOTHER=2\n"),
    "b.env": windows("A=one\nB='two'\n"),
  });
  const { project } = await folder.load();
  expect(project.services).toMatchObject({
    a: { image: "x:1" },
    b: { image: "y:1", environment: { A: "one", B: "two" } },
  });
});

test("files that are not UTF-8 are refused where they begin not to be, whoever names them", async () => {
  const folder = await specFolder({ "compose.yaml": "services: { a: { image: x, env_file: l.env } }\n" });
  const latin = Buffer.from("A=1\nB=caf\u00e9\n", "latin1");
  await writeFile(join(folder.path, "l.env"), latin);
  await writeFile(join(folder.path, ".env"), latin);
  expect(await folder.diagnose()).toEqual([
    ".env:2:6: this is not UTF-8 text",
    "compose.yaml:1:38 services.a.env_file: l.env: this is not UTF-8 text",
  ]);
});

test("a stray $ in .env is itself, in the file it is an error with the way out", async () => {
  const folder = await specFolder({
    "compose.yaml": "services: { a: { image: x, labels: { a: '${PRICE}', b: '${PASSWORD}' } } }\n",
    ".env": "PRICE=5$\nPASSWORD=pa$$w0rd$-x$/\n",
  });
  expect((await folder.load()).project.services["a"]?.labels).toEqual({ a: "5$", b: "pa$w0rd$-x$/" });
  await writeFile(join(folder.path, "compose.yaml"), "services: { a: { image: x, labels: { a: '5$' } } }\n");
  expect(await folder.diagnose()).toEqual([
    'compose.yaml:1:41 services.a.labels.a: "$" is not a variable; write $$ for a dollar sign',
  ]);
});

test("text is never taken for a number of things: a name like __proto__ is refused in a merge as in a file", async () => {
  const folder = await specFolder({
    "a.yaml": SOUND,
    "b.yaml": "services: { __proto__: { image: x } }\n",
  });
  expect(await folder.diagnose({ files: ["a.yaml", "b.yaml"] })).toEqual([
    'b.yaml:1:13 services: "__proto__" cannot be a key',
  ]);
});
