import { expect, test } from "vitest";
import { numberOf, parseFlags, valueOf } from "../../../src/oci/command-line.ts";

const FLAGS = [
  { names: ["env", "e"], value: "value", usage: "" },
  { names: ["detach", "d"], usage: "" },
  { names: ["limit"], value: "value", usage: "" },
];
const parse = (words: readonly string[], anywhere = false) => parseFlags(words, FLAGS, { anywhere });

test("flags have one dash or two, and their value beside them or behind =", () => {
  const parsed = parse(["-e", "A=1", "--env=B=2", "-detach", "id"]);
  expect(parsed.flags.get("env")).toEqual(["A=1", "B=2"]);
  expect(valueOf(parsed, "detach")).toBe("true");
  expect(parsed.words).toEqual(["id"]);
});

test("flags after the first word belong to the container's command, unless the verb has none", () => {
  expect(parse(["id", "ls", "-d"]).words).toEqual(["id", "ls", "-d"]);
  expect(parse(["id", "-d"], true)).toMatchObject({ words: ["id"] });
  expect(parse(["id", "--", "-d"], true).words).toEqual(["id", "-d"]);
});

test("a value may be negative, and what is no number is refused", () => {
  expect(numberOf(parse(["--limit", "-1"]), "limit")).toBe(-1);
  expect(() => numberOf(parse(["--limit", "x"]), "limit")).toThrow('invalid value "x"');
  expect(() => parse(["--limit"])).toThrow("flag needs an argument: -limit");
  expect(() => parse(["--nothing"])).toThrow("flag provided but not defined: -nothing");
});
