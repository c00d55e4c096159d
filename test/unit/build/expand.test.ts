import { describe, expect, it } from "vitest";
import { expandWord } from "../../../src/build/dockerfile/expand.ts";

const VARIABLES: Readonly<Record<string, string>> = {
  a: "one",
  empty: "",
  path: "/usr/lib/x.tar.gz",
  s: "foofoo",
};
const expand = (word: string, escape: "\\" | "`" = "\\"): string =>
  expandWord(word, { escape, lookup: (name) => VARIABLES[name] });

describe("variables in a word", () => {
  it.each([
    ["$a-${a}", "one-one"],
    ["\\$a", "$a"],
    ["'$a'", "$a"],
    ['"$a b"', "one b"],
    ['"\\$a \\" \\n"', '$a " \\n'],
    ["$", "$"],
    ["a$", "a$"],
    ["$none", ""],
    ["${none:-x$a}", "xone"],
    ["${empty:-x}", "x"],
    ["${empty-x}", ""],
    ["${a:+y}", "y"],
    ["${empty:+y}", ""],
    ["${empty+y}", "y"],
    ["${none:-${a:+deep}}", "deep"],
    ["${path#*/}", "usr/lib/x.tar.gz"],
    ["${path##*/}", "x.tar.gz"],
    ["${path%.*}", "/usr/lib/x.tar"],
    ["${path%%.*}", "/usr/lib/x"],
    ["${s/foo/bar}", "barfoo"],
    ["${s//foo/bar}", "barbar"],
    ["${s//o}", "ff"],
    ["${path//\\//-}", "-usr-lib-x.tar.gz"],
    ["${s/f*o/$a}", "one"],
    ["${s/f?o/x}", "xfoo"],
    ["${a#*}", "one"],
    ["${a##*}", ""],
  ])("%s is %s", (word, value) => {
    expect(expand(word)).toBe(value);
  });
  it("obey the escape that the Dockerfile names", () => {
    expect(expand("`$a\\b", "`")).toBe("$a\\b");
  });
  it.each([
    ["${a", "without its }"],
    ["'a", "a ' without its match"],
    ["${none:?needed}", "none: needed"],
    ["${a!x}", 'unknown modifier "!"'],
    ["${}", "a name must follow"],
  ])("%s is refused", (word, message) => {
    expect(() => expand(word)).toThrow(message);
  });
});
