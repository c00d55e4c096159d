import { expect, test } from "vitest";
import { setReplicas } from "../../../src/spec/edit.ts";
import { specFolder } from "./folder.fixture.ts";

/** Documents of one file. */
function documents(...texts: readonly string[]): string {
  return texts.join("---\n");
}

test("several documents in one file mean what they mean as several files", async () => {
  const texts = [
    "name: one\nx-a: &a { A: 1 }\nservices:\n  a: { image: x, environment: *a, ports: ['80:80'], hostname: h }\n",
    "services:\n  a: { environment: [B=2], ports: ['81:81'], hostname: !reset null }\n  b: { extends: base, init: true }\n  base: { image: y }\n",
    "name: three\nservices:\n  a: { ports: !override ['82:82'] }\nvolumes: { v: {} }\n",
  ];
  const folder = await specFolder({
    "all.yaml": documents(...texts),
    ...Object.fromEntries(texts.map((text, index) => [`${index}.yaml`, text])),
  });
  const { project, warnings } = await folder.load({ files: ["all.yaml"] });
  const apart = await folder.load({ files: ["0.yaml", "1.yaml", "2.yaml"] });
  expect(warnings).toEqual([]);
  expect({ ...project, files: [] }).toEqual({ ...apart.project, files: [] });
  expect(project.name).toBe("three");
  expect(project.services["a"]).toMatchObject({ environment: { A: "1", B: "2" } });
  expect(project.services["a"]?.ports.map(({ hostPort }) => hostPort)).toEqual([82]);
  expect(project.services["a"]).not.toHaveProperty("hostname");
  expect(project.services["b"]).toMatchObject({ image: "y", init: true });
});

test("documents that say nothing are passed over, and a file of only such is empty", async () => {
  const folder = await specFolder({
    "compose.yaml": documents("", "# only words\n", "services: { a: { image: x } }\n", ""),
    "empty.yaml": documents("", ""),
  });
  expect(await folder.diagnose()).toEqual([]);
  expect(await folder.diagnose({ files: ["empty.yaml"] })).toEqual(["empty.yaml:1:4: the file is empty"]);
});

test("an anchor ends with its document, and mistakes are told where they stand", async () => {
  const folder = await specFolder({
    "compose.yaml": documents(
      "x-a: &a { init: true }\nservices: { a: { image: x } }\n",
      "services:\n  a: { <<: *a }\n  b: { image: x, prots: [] }\n",
      "services:\n  a: { scale: -1 }\n",
    ),
  });
  expect(await folder.diagnose()).toEqual([
    "compose.yaml:5:12 services.a: no anchor &a stands before this alias",
    'compose.yaml:6:18 services.b.prots: unknown key (did you mean "ports"?)',
    "compose.yaml:9:15 services.a.scale: expected a whole number from 0 to 10000, got -1",
  ]);
});

test("what is included or extended may have several documents, too", async () => {
  const folder = await specFolder({
    "compose.yaml": documents(
      "include: [part/one.yaml]\nservices: { a: { extends: { file: base.yaml, service: a } } }\n",
      "services: { b: { scale: 3 } }\n",
    ),
    "base.yaml": documents("services: { a: { image: x } }\n", "services: { a: { init: true } }\n"),
    "part/one.yaml": documents("services: { b: { image: y } }\n", "services: { b: { volumes: [./d:/d] } }\n"),
  });
  const { services } = (await folder.load()).project;
  expect(services["a"]).toMatchObject({ image: "x", init: true });
  expect(services["b"]).toMatchObject({
    image: "y",
    replicas: 3,
    mounts: [{ source: `${folder.path}/part/d` }],
  });
});

test.each<readonly [string, string, string]>([
  ["the last number counts", "a: { image: x, scale: 1 }", "a: { scale: 2 }"],
  ["where a number stands", "a: { image: x, scale: 2 }", "a: { init: true }"],
  ["in the last that has the service", "a: { image: x }", "b: { image: y, scale: 2 }"],
])("replicas are set where they count: %s", (_name, one, two) => {
  const text = documents(`services:\n  ${one}\n`, `services:\n  ${two}\n`);
  const service = two.startsWith("b") ? "b" : "a";
  expect(setReplicas(text, service, 7)).toBe(text.replace("scale: 2", "scale: 7"));
});

test("replicas that no document tells of are added to the last that has the service", () => {
  const text = documents(
    "services:\n  a: { image: x }\n",
    "services:\n  a: { init: true }\n",
    "volumes: {}\n",
  );
  expect(setReplicas(text, "a", 7)).toBe(text.replace("{ init", "{ deploy: { replicas: 7 }, init"));
});
