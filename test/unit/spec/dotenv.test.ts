import { describe, expect, test } from "vitest";
import { renderDiagnostic } from "../../../src/spec/diagnostic.ts";
import { parseDotenv } from "../../../src/spec/dotenv.ts";

const env = (values: Readonly<Record<string, string>>) => (name: string) => values[name];

describe("a line of .env means", () => {
  test.each([
    ["A=b", "b"],
    ["A = b ", "b"],
    ["export A=b", "b"],
    ["A: b", "b"],
    ["A=", ""],
    ["A=b # note", "b"],
    ["A=b#c", "b#c"],
    ["A=#c", ""],
    ["A='b # c' # note", "b # c"],
    ["A='$B ${C'", "$B ${C"],
    ["A='it\\'s'", "it's"],
    ['A="b\\nc\\t\\"d\\" \\\\"', 'b\nc\t"d" \\'],
    ['A="$OUTER"', "from outside"],
    ['A="\\$OUTER"', "$OUTER"],
    ["A=$OUTER!", "from outside!"],
    ["A=${NONE:-x}", "x"],
    ["A=5$", "5$"],
    ["A=$5", "$5"],
    ['A="one\ntwo"', "one\ntwo"],
    ["A=b=c", "b=c"],
    ["A=b\r", "b"],
    ["B=1\nA=$B$B", "11"],
    ["OUTER=mine\nA=$OUTER", "from outside"],
  ])("%j -> %j", (text, expected) => {
    const { values, diagnostics } = parseDotenv(text, ".env", env({ OUTER: "from outside" }));
    expect(diagnostics).toEqual([]);
    expect(values.get("A")).toBe(expected);
  });
});

test("a name alone takes its value from the environment, or stays unset", () => {
  const { values } = parseDotenv("OUTER\nNONE\n", ".env", env({ OUTER: "x" }));
  expect([...values]).toEqual([["OUTER", "x"]]);
});

test("everything that is wrong has its line", () => {
  const text = "# fine\n\n=x\n1A=x\nA=$NONE\nB='x' y\nC=${D:?needed}\nE=\"open\n";
  expect(parseDotenv(text, ".env", env({})).diagnostics.map(renderDiagnostic)).toEqual([
    '.env:3:1: expected NAME=value, "export NAME=value" or a # comment',
    '.env:4:1: expected NAME=value, "export NAME=value" or a # comment',
    ".env:5:1: the variable NONE is not set, using an empty value",
    ".env:6:1: unexpected text after the value of B",
    ".env:7:1: C: the variable D must be set: needed",
    '.env:8:1: the " of E is never closed',
  ]);
});
