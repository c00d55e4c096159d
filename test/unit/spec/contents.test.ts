import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { specFolder } from "./folder.fixture.ts";

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex");

test("configs and secrets come from a file, a variable or the spec, and travel beside the services", async () => {
  const folder = await specFolder({
    "compose.yaml": `services:
  a:
    image: x
    configs: [app, { source: app, target: other.conf, uid: 5, gid: "6", mode: 0600 }]
    secrets: [token, { source: key, target: key.pem }, { source: key, target: /abs/key }]
configs: { app: { content: "port \${PORT}" }, unused: { file: not-there } }
secrets: { token: { environment: TOKEN }, key: { file: key.pem } }
`,
    "key.pem": "PEM",
  });
  const { project, watched } = await folder.load({ env: { PORT: "80", TOKEN: "t" } });
  const common = { uid: 0, gid: 0, mode: 0o444 };
  expect(project.services["a"]?.contents).toEqual([
    { ...common, kind: "config", name: "app", target: "/app", digest: digestOf("port 80") },
    {
      kind: "config",
      name: "app",
      target: "/other.conf",
      digest: digestOf("port 80"),
      uid: 5,
      gid: 6,
      mode: 0o600,
    },
    { ...common, kind: "secret", name: "token", target: "/run/secrets/token", digest: digestOf("t") },
    { ...common, kind: "secret", name: "key", target: "/run/secrets/key.pem", digest: digestOf("PEM") },
    { ...common, kind: "secret", name: "key", target: "/abs/key", digest: digestOf("PEM") },
  ]);
  expect(project.contents?.[digestOf("PEM")]).toBe(Buffer.from("PEM").toString("base64"));
  expect(Object.keys(project.contents ?? {})).toHaveLength(3);
  expect(watched).toContain(`${folder.path}/key.pem`);
});

test.each([
  [
    "a file that is not there",
    "{ file: gone }",
    "compose.yaml:3:21 secrets.s.file: gone: there is no such file",
  ],
  [
    "a variable that is not set",
    "{ environment: NO }",
    "compose.yaml:3:28 secrets.s.environment: the variable NO is not set",
  ],
  ["nothing", "{}", "compose.yaml:3:10 secrets.s: expected one of file, environment and content"],
  [
    "two things",
    "{ file: a, content: b }",
    "compose.yaml:3:10 secrets.s: expected one of file, environment and content",
  ],
  [
    "somebody else's",
    "{ external: true }",
    "compose.yaml:3:15 secrets.s.external: gantry keeps no secrets of its own; use file, environment or content",
  ],
])("a secret made of %s is refused at its declaration, once", async (_what, source, message) => {
  const folder = await specFolder({
    "compose.yaml": `services:\n  a: { image: x, secrets: [s] }\nsecrets: { s:  ${source} }\n`.replace(
      "s:  ",
      "s: ",
    ),
  });
  expect((await folder.diagnose()).map((line) => line.replace(/^compose.yaml:3:\d+/, ""))).toEqual([
    message.replace(/^compose.yaml:3:\d+/, ""),
  ]);
});

test("mistakes in a service's own entry", async () => {
  const folder = await specFolder({
    "compose.yaml": `services:
  a:
    image: x
    secrets: [tokn, { source: token, mode: 0999 }, { target: x }, token, token]
secrets: { token: { content: t } }
`,
  });
  expect(await folder.diagnose()).toEqual([
    'compose.yaml:4:15 services.a.secrets[0]: the secret "tokn" is not declared (did you mean "token"?)',
    'compose.yaml:4:44 services.a.secrets[1].mode: expected permissions in octal such as 0755 or 1777, got "0999"',
    'compose.yaml:4:52 services.a.secrets[2]: "source" is missing',
    "compose.yaml:4:67 services.a.secrets[3]: something is mounted at /run/secrets/token already",
    "compose.yaml:4:74 services.a.secrets[4]: something is mounted at /run/secrets/token already",
  ]);
});

test("more than 512 kB is no config", async () => {
  const folder = await specFolder({
    "compose.yaml": "services: { a: { image: x, configs: [c] } }\nconfigs: { c: { file: big } }\n",
    big: "x".repeat(512 * 1024 + 1),
  });
  expect(await folder.diagnose()).toEqual([
    "compose.yaml:2:23 configs.c.file: larger than 512 kB; mount it as a volume",
  ]);
});
