import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { setReplicas } from "../../src/spec/edit.ts";
import { SpecError } from "../../src/spec/diagnostic.ts";
import { interpolate } from "../../src/spec/interpolate.ts";
import { loadProject } from "../../src/spec/load.ts";
import type { Project } from "../../src/spec/project.ts";
import { splitWords } from "../../src/spec/words.ts";

// Hundreds of runs each, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const NO_VARIABLES = { lookup: () => undefined, unset: () => undefined, stray: "error" } as const;

function plain(value: string): string {
  return value.replaceAll("$$", "$");
}

async function load(text: string): Promise<Project> {
  const readStdin = () => Promise.resolve(text);
  return (await loadProject({ files: ["-"], cwd: "/nowhere/shop", env: {}, readStdin })).project;
}

const name = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,10}$/);
/** Text without NUL, which no environment can hold, and with its dollars doubled, as a spec wants them. */
const text = fc.string({ unit: "grapheme" }).map((value) => value.replaceAll("\0", ""));
const escaped = text.map((value) => value.replaceAll("$", "$$$$"));

const service = fc.record(
  {
    image: fc.stringMatching(/^[a-z0-9]{1,8}$/),
    command: fc.oneof(fc.array(escaped), fc.constant(null)),
    environment: fc.dictionary(name, escaped, { maxKeys: 4 }),
    labels: fc.dictionary(name, escaped, { maxKeys: 4 }),
    init: fc.boolean(),
    stop_grace_period: fc.integer({ min: 0, max: 1e6 }).map((seconds) => `${seconds}s`),
    deploy: fc.record(
      { replicas: fc.nat(20), resources: fc.constant({ limits: { memory: "64m" } }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["image"] },
);
const services = fc.dictionary(name, service, { minKeys: 1, maxKeys: 4 });
/** The same values in the ways people write them. */
const style = fc.record({
  indent: fc.integer({ min: 1, max: 6 }),
  indentSeq: fc.boolean(),
  collectionStyle: fc.constantFrom("any" as const, "flow" as const),
  commentBefore: fc.boolean(),
  carriageReturn: fc.boolean(),
});

type Style = typeof style extends fc.Arbitrary<infer S> ? S : never;

function print(value: unknown, how: Style): string {
  const { indent, indentSeq, collectionStyle, commentBefore, carriageReturn } = how;
  const printed = `${commentBefore ? "# a note\n" : ""}${stringify(value, { indent, indentSeq, collectionStyle })}`;
  return carriageReturn ? printed.replaceAll("\n", "\r\n") : printed;
}

test("what is printed is what is loaded", async () => {
  await fc.assert(
    fc.asyncProperty(services, style, async (map, how) => {
      const project = await load(print({ services: map }, how));
      expect(Object.keys(project.services).toSorted()).toEqual(Object.keys(map).toSorted());
      for (const [key, written] of Object.entries(map)) {
        const loaded = project.services[key];
        expect(loaded?.replicas).toBe(written.deploy?.replicas ?? 1);
        expect(loaded?.command).toEqual(written.command?.map(plain));
        const environment = Object.entries(written.environment ?? {}).map(([each, value]) => [
          each,
          plain(value),
        ]);
        expect(loaded?.environment).toEqual(Object.fromEntries(environment));
      }
    }),
    { numRuns: 200 },
  );
});

test("setting replicas gives the number, and changes nothing else that is loaded", async () => {
  await fc.assert(
    fc.asyncProperty(services, style, fc.nat(10_000), fc.nat(), async (map, how, replicas, pick) => {
      const before = print({ services: map }, how);
      const chosen = Object.keys(map)[pick % Object.keys(map).length] ?? "";
      const after = setReplicas(before, chosen, replicas);
      const [old, edited] = [await load(before), await load(after)];
      const wanted = { ...old.services[chosen], replicas };
      expect(edited).toEqual({ ...old, services: { ...old.services, [chosen]: wanted } });
      expect(setReplicas(after, chosen, replicas)).toBe(after);
    }),
    { numRuns: 200 },
  );
});

test("setting replicas only adds text, or puts a number in the place of another", () => {
  fc.assert(
    fc.property(services, style, fc.nat(10_000), (map, how, replicas) => {
      const before = print({ services: map }, how);
      const chosen = Object.keys(map)[0] ?? "";
      const after = setReplicas(before, chosen, replicas);
      let start = 0;
      while (start < before.length && before[start] === after[start]) start += 1;
      let end = 0;
      while (
        end < before.length - start &&
        end < after.length - start &&
        before.at(-1 - end) === after.at(-1 - end)
      )
        end += 1;
      expect(before.slice(start, before.length - end)).toMatch(/^\d*$|^\{\}$/);
    }),
    { numRuns: 200 },
  );
});

test("text without a dollar is not changed by interpolation", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      fc.pre(!value.includes("$"));
      expect(interpolate(value, NO_VARIABLES)).toBe(value);
    }),
  );
});

test("text whose dollars are doubled comes back from interpolation", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(interpolate(value.replaceAll("$", "$$$$"), NO_VARIABLES)).toBe(value);
    }),
  );
});

test("words that are quoted as a shell quotes them come back from splitting", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (words) => {
      const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
      expect(splitWords(quoted)).toEqual(words);
    }),
  );
});

test("whatever the text, it loads or is refused with positions, and nothing else happens", async () => {
  const fragments = [
    ..."\n:-?[]{}&*!|>'\"%@`#,$<= \t\r\0".split(""),
    "services",
    "web",
    "image",
    "ports",
    "volumes",
    "deploy",
    "replicas",
    "<<",
    "${A:-",
    "\n  ",
    "\n    ",
    ": ",
    "- ",
    "80:80",
    "~",
  ];
  const soup = fc.array(fc.constantFrom(...fragments), { maxLength: 60 }).map((parts) => parts.join(""));
  const prefix = fc.constantFrom("", "services:\n  web:\n    image: x\n    ", "services: { web: { ");
  await fc.assert(
    fc.asyncProperty(prefix, soup, async (start, rest) => {
      try {
        await load(start + rest);
      } catch (error) {
        expect(error).toBeInstanceOf(SpecError);
        const { diagnostics } = error as SpecError;
        expect(diagnostics.some((found) => found.severity === "error")).toBe(true);
        for (const found of diagnostics) expect(Math.min(found.line, found.column)).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 1000 },
  );
});

test("what the yaml package parses and its printer prints, this folder reads alike", async () => {
  await fc.assert(
    fc.asyncProperty(services, style, async (map, how) => {
      const printed = print({ services: map }, how);
      const again = stringify(parse(printed));
      expect(await load(again)).toEqual(await load(printed));
    }),
    { numRuns: 50 },
  );
});

test("in files full of anchors and merges, an edit changes one number or is refused", async () => {
  const lines = fc.subarray(
    [
      "scale: 2",
      "<<: *a",
      "hostname: b",
      "deploy:\n      replicas: 2",
      "deploy: *d",
      "deploy: {}",
      "init: *t",
    ],
    { minLength: 1 },
  );
  const head = "x-a: &a { hostname: a, scale: 2 }\nx-d: &d { replicas: 2 }\nx-t: &t true\n";
  const shared = fc.constantFrom("", " &w");
  const follower = fc.constantFrom("*w", "{ <<: *w }", "{ image: y }");
  await fc.assert(
    fc.asyncProperty(lines, shared, follower, async (keys, anchor, other) => {
      const sound = anchor === "" ? "{ image: y }" : other;
      const before = `${head}services:\n  web:${anchor}\n    image: x\n${keys.map((key) => `    ${key} # ${key.length}\n`).join("")}  b: ${sound}\n`;
      const old = await load(before).catch((error: unknown) => error);
      fc.pre(!(old instanceof SpecError));
      const { services: was, ...rest } = old as Project;
      let after: string;
      try {
        after = setReplicas(before, "web", 7);
      } catch (error) {
        expect(error).toMatchObject({ code: "spec.invalid" });
        return;
      }
      expect(await load(after)).toEqual({
        ...rest,
        services: { ...was, web: { ...was["web"], replicas: 7 } },
      });
    }),
    { numRuns: 300 },
  );
});
