import { describe, expect, test } from "vitest";
import { interpolate } from "../../../src/spec/interpolate.ts";

const VALUES: Readonly<Record<string, string>> = { A: "one", B: "two", EMPTY: "", DOLLAR: "$A" };
const lookup = (name: string) => VALUES[name];
const ignore = () => undefined;

describe("a variable expression becomes", () => {
  test.each([
    ["$A", "one"],
    ["$A$B", "onetwo"],
    ["${A}b", "oneb"],
    ["$$A", "$A"],
    ["$$$A", "$one"],
    ["${A:-x}", "one"],
    ["${NONE:-x}", "x"],
    ["${EMPTY:-x}", "x"],
    ["${EMPTY-x}", ""],
    ["${NONE-x}", "x"],
    ["${NONE:-${B}}", "two"],
    ["${NONE:-${NONE:-deep}}", "deep"],
    ['${NONE:-{"a": {}}}', '{"a": {}}'],
    ["${A:+yes}", "yes"],
    ["${NONE:+yes}", ""],
    ["${EMPTY:+yes}", ""],
    ["${EMPTY+yes}", "yes"],
    ["${A:?told}", "one"],
    ["${EMPTY?told}", ""],
    ["${A:-${NONE:?never asked}}", "one"],
    ["$DOLLAR", "$A"],
    ["${NONE:-}", ""],
  ])("%s -> %s", (text, expected) => {
    expect(interpolate(text, { lookup, unset: ignore, stray: "error" })).toBe(expected);
  });
});

describe("a broken expression is refused:", () => {
  test.each([
    ["${A", '"${A" has no closing brace'],
    ["${}", '"${}" is not a variable; write $$ for a dollar sign'],
    ["${1A}", '"${1A}" is not a variable; write $$ for a dollar sign'],
    ["${A B}", '"${A B}" is not a variable; write $$ for a dollar sign'],
    ["a $ b", '"$ b" is not a variable; write $$ for a dollar sign'],
    ["${NONE?}", "the variable NONE must be set"],
    ["${EMPTY:?no $B}", "the variable EMPTY must be set: no two"],
    ["${X:-".repeat(200) + "}".repeat(200), "variables are nested too deeply"],
  ])("%s", (text, message) => {
    expect(() => interpolate(text, { lookup, unset: ignore, stray: "error" })).toThrow(
      expect.objectContaining({ message }) as Error,
    );
  });
});

test("only variables without value and default are told to be unset", () => {
  const unset: string[] = [];
  interpolate("$NONE ${ALSO} ${X:-} ${EMPTY} ${Y:+z}", {
    lookup,
    unset: (name) => unset.push(name),
    stray: "error",
  });
  expect(unset).toEqual(["NONE", "ALSO"]);
});

test("values cannot double until the memory is full", () => {
  const big = "x".repeat(700_000);
  const doubled = () => interpolate("$V$V", { lookup: () => big, unset: ignore, stray: "error" });
  expect(doubled).toThrow("longer than 1 MB once its variables are replaced");
});
