import { expect, test } from "vitest";
import type { Service } from "../../../src/spec/project.ts";
import { specFolder } from "./folder.fixture.ts";

/** The service `a` of two files of which the second is laid over the first. */
async function merged(below: string, above: string): Promise<Service | undefined> {
  const indented = (text: string) => text.trim().replaceAll(/^/gm, "    ");
  const folder = await specFolder({
    "compose.yaml": `services:\n  a:\n    image: x\n${indented(below)}\n`,
    "over.yaml": `services:\n  a:\n${indented(above)}\n`,
  });
  const { project } = await folder.load({ files: ["compose.yaml", "over.yaml"] });
  return project.services["a"];
}

test("one value takes the place of another, and what only one file says stays", async () => {
  expect(await merged("hostname: one\ninit: true", "hostname: two\nscale: 2")).toMatchObject({
    image: "x",
    hostname: "two",
    init: true,
    replicas: 2,
  });
});

test("a command, an entry point: only the later counts", async () => {
  const service = await merged("command: [a, b]\nentrypoint: sh", "command: c d\nentrypoint: [e]");
  expect(service).toMatchObject({ command: ["c", "d"], entrypoint: ["e"] });
});

test("pairs are merged by name, however each file writes them", async () => {
  const below = "environment: { A: 1, B: 2 }\nlabels: [x=1, y=2]\nsysctls: { net.core.somaxconn: 1 }";
  const above = "environment: [B=3, C=4]\nlabels: { y: 3 }\nsysctls: [net.core.somaxconn=2]";
  expect(await merged(below, above)).toMatchObject({
    environment: { A: "1", B: "3", C: "4" },
    labels: { x: "1", y: "3" },
    sysctls: { "net.core.somaxconn": "2" },
  });
});

test("a port in its short and in its long form is one port", async () => {
  const below = 'ports: ["8080:80", "8443:443"]';
  const above = 'ports: [{ target: 80, published: "8080" }, "9090:90"]';
  const service = await merged(below, above);
  expect(service?.ports.map(({ hostPort }) => hostPort)).toEqual([8080, 8443, 9090]);
});

test("of two mounts at one place the later counts", async () => {
  const below = "volumes: [/one:/data, /etc:/conf:ro]";
  const above = "volumes: [{ type: bind, source: /two, target: /data/ }]";
  const service = await merged(below, above);
  expect(service?.mounts.map((mount) => [mount.target, "source" in mount ? mount.source : ""])).toEqual([
    ["/data", "/two"],
    ["/conf", "/etc"],
  ]);
});

test("lists of other things go one after the other, each thing once", async () => {
  const service = await merged(
    "cap_add: [NET_ADMIN, SYS_TIME]\ndns: 1.1.1.1\ngroup_add: [1]",
    "cap_add: [SYS_TIME, CHOWN]\ndns: [2.2.2.2, 1.1.1.1]\ngroup_add: [2]",
  );
  expect(service).toMatchObject({
    security: { capAdd: ["CAP_CHOWN", "CAP_NET_ADMIN", "CAP_SYS_TIME"] },
    resolver: { servers: ["1.1.1.1", "2.2.2.2"] },
    groups: ["1", "2"],
  });
});

test("nested maps are merged to the bottom", async () => {
  const service = await merged(
    "deploy: { replicas: 3, resources: { limits: { memory: 64m, cpus: 1 } } }",
    "deploy: { resources: { limits: { cpus: 2 } } }",
  );
  expect(service).toMatchObject({ replicas: 3, limits: { memoryBytes: 67_108_864, nanocpus: 2e9 } });
});

test("an empty value over a map or a list says nothing", async () => {
  expect(await merged("environment: { A: 1 }\ncap_add: [CHOWN]", "environment:\ncap_add:")).toMatchObject({
    environment: { A: "1" },
    security: { capAdd: ["CAP_CHOWN"] },
  });
});

test("!reset takes away, !override puts in place", async () => {
  const below = 'ports: ["80:80"]\nenvironment: { A: 1, B: 2 }\nvolumes: [/a:/a]\nhostname: h\nscale: 2';
  const above =
    'ports: !override ["81:80"]\nenvironment: { A: !reset null }\nvolumes: !reset []\nscale: !override 5';
  const service = await merged(below, above);
  expect(service).toMatchObject({ environment: { B: "2" }, mounts: [], hostname: "h", replicas: 5 });
  expect(service?.ports.map(({ hostPort }) => hostPort)).toEqual([81]);
});

test("!reset and !override say nothing that a warning would be due for, and stand alone too", async () => {
  const folder = await specFolder({
    "compose.yaml": "services: { a: { image: x, ports: !override ['80:80'], hostname: !reset h } }",
  });
  const { project, warnings } = await folder.load();
  expect(warnings).toEqual([]);
  expect(project.services["a"]?.hostname).toBeUndefined();
  expect(project.services["a"]?.ports).toHaveLength(1);
});

test("a whole service is taken away, and others are added", async () => {
  const folder = await specFolder({
    "compose.yaml": "services: { a: { image: x }, b: { image: x } }",
    "over.yaml": "services: { a: !reset null, c: { image: y } }",
  });
  const { project } = await folder.load({ files: ["compose.yaml", "over.yaml"] });
  expect(Object.keys(project.services)).toEqual(["b", "c"]);
});

test("the override file beside the one that is found is laid over it, and not where -f names files", async () => {
  const folder = await specFolder({
    "compose.yaml": "services: { a: { image: x } }",
    "compose.override.yaml": "services: { a: { image: y } }",
  });
  expect((await folder.load()).project.services["a"]?.image).toBe("y");
  expect((await folder.load({ files: ["compose.yaml"] })).project.services["a"]?.image).toBe("x");
});

test("relative paths of every file start at the first one's folder", async () => {
  const folder = await specFolder({
    "one/compose.yaml": "services: { a: { image: x, volumes: [./data:/data] } }",
    "two/over.yaml": "services: { a: { volumes: [./more:/more] } }",
  });
  const { project } = await folder.load({ files: ["one/compose.yaml", "two/over.yaml"] });
  expect(project.services["a"]?.mounts).toMatchObject([
    { source: `${folder.path}/one/data` },
    { source: `${folder.path}/one/more` },
  ]);
});

test("an error names the file that says it, and what that was laid over", async () => {
  const folder = await specFolder({
    "compose.yaml": "services:\n  web:\n    image: x\n    scale: 2\n",
    "compose.prod.yaml": "services:\n  web:\n    scale: many\n",
  });
  expect(await folder.diagnose({ files: ["compose.yaml", "compose.prod.yaml"] })).toEqual([
    'compose.prod.yaml:3:12, merged over compose.yaml:4:5 services.web.scale: expected a whole number, got "many"',
  ]);
});

test("the mistakes of all files are told together, syntax errors too", async () => {
  const folder = await specFolder({ "a.yaml": "services: [", "b.yaml": "services: }", ".env": "!\n" });
  const said = await folder.diagnose({ files: ["a.yaml", "b.yaml"] });
  expect(said.map((line) => line.split(":")[0])).toEqual([".env", "a.yaml", "b.yaml"]);
});

test("an old version is ignored with one warning, however many files have it", async () => {
  const file = 'version: "3.8"\nservices: { a: { image: x } }\n';
  const folder = await specFolder({ "a.yaml": file, "b.yaml": file });
  expect(await folder.diagnose({ files: ["a.yaml", "b.yaml"] })).toEqual([
    "b.yaml:1:1, merged over a.yaml:1:1 version: obsolete and ignored; remove it",
  ]);
});
