import { describe, expect, test, vi } from "vitest";
import { SpecError } from "../../../src/spec/diagnostic.ts";
import { decodeText } from "../../../src/spec/text.ts";
import { diagnose, loadText } from "./load-stdin.ts";

// Megabytes of input, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const SOUND = "services: { a: { image: x } }\n";

function laughs(): string {
  const lines = ["x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"];
  for (let level = 1; level < 30; level += 1)
    lines.push(`x-${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(", ")}]`);
  return `${lines.join("\n")}\n${SOUND}`;
}

describe("a file made to hurt gets one clear answer:", () => {
  test.each([
    ["a billion laughs", laughs(), "-:1:11: more than 250000 values once aliases are followed"],
    [
      "a million open brackets",
      `${SOUND}x-a: ${"[".repeat(1e6)}`,
      "-:2:106: nested more than 100 levels deep",
    ],
    [
      "a million open maps",
      `${SOUND}x-a: ${"{a: ".repeat(1e6)}`,
      "-:2:406: nested more than 100 levels deep",
    ],
    ["a million dashes", `${SOUND}x-a:\n ${"- ".repeat(1e6)}`, "-:3:202: nested more than 100 levels deep"],
    [
      "a staircase of maps",
      `${SOUND}x-a:\n${Array.from({ length: 150 }, (_, depth) => `${" ".repeat(depth + 1)}a:\n`).join("")}`,
      "-:103:102: nested more than 100 levels deep",
    ],
    ["more than 10 MB", SOUND + "#".repeat(11 * 1024 * 1024), "-:1:1: larger than 10 MB"],
    ["bytes that are no text", "\0\u0001\u0002", "-:1:1: contains a NUL character"],
    [
      "a million ports",
      `services:\n  a:\n    image: x\n    ports:\n${"      - 1-65535\n".repeat(20)}`,
      "-:4:5 services.a.ports: more than 20000 ports",
    ],
  ])("%s", async (_name, text, expected) => {
    expect(await diagnose(text)).toEqual([expected]);
  });
});

test("a variable cannot fill the memory by being used often", async () => {
  const text = `${SOUND}x-a:\n${'  - "$BIG$BIG$BIG$BIG"\n'.repeat(1000)}`;
  const found = await diagnose(text, { env: { BIG: "x".repeat(100_000) } });
  expect(found).toEqual(["-:170:5 x-a[167]: the file is too large once its variables are replaced"]);
});

test("of thousands of errors a hundred are shown, and the rest counted", async () => {
  const text = `services:\n${Array.from({ length: 500 }, (_, index) => `  s${index}: {}\n`).join("")}`;
  const failure = await loadText(text).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(SpecError);
  const lines = (failure as SpecError).message.split("\n");
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toBe("... and 400 more errors");
  expect((failure as SpecError).diagnostics).toHaveLength(500);
});

describe("bytes that are not UTF-8 are refused where they begin:", () => {
  test.each([
    ["a stray byte", [0x61, 0x0a, 0x62, 0xff], "a.yaml:2:2: this is not UTF-8 text"],
    ["Latin-1", [...Buffer.from("a: é", "latin1")], "a.yaml:1:4: this is not UTF-8 text"],
    ["a cut sequence", [0xe2, 0x82], "a.yaml:1:1: this is not UTF-8 text"],
    ["UTF-16", [0xff, 0xfe, 0x61, 0x00], "a.yaml:1:1: this is UTF-16; save it as UTF-8"],
  ])("%s", (_name, bytes, expected) => {
    expect(() => decodeText(Uint8Array.from(bytes), "a.yaml")).toThrow(
      expect.objectContaining({ message: expected, code: "spec.syntax" }) as Error,
    );
  });
});

test("names that every object has are ordinary names", async () => {
  const { project } = await loadText(
    "services:\n  constructor: { image: x, environment: { toString: a } }\nvolumes: { valueOf: }\n",
  );
  expect(project.services["constructor"]?.environment["toString"]).toBe("a");
  expect(await diagnose('services: { a: { image: x, volumes: ["toString:/a"] } }')).toEqual([
    '-:1:38 services.a.volumes[0]: the volume "toString" is not declared; add it to the top-level volumes, or write ./toString',
  ]);
  expect(await diagnose("services: { a: { image: x, depends_on: [toString] } }")).toContain(
    '-:1:41 services.a.depends_on[0]: there is no service "toString"',
  );
});
