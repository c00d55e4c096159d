import { describe, expect, it } from "vitest";
import { readIgnore } from "../../../src/build/ignore.ts";

const kept = (rules: string, ...paths: string[]): readonly string[] => {
  const ignore = readIgnore(rules);
  return paths.filter((path) => !ignore.excludes(path));
};

describe(".dockerignore", () => {
  it("leaves out what its patterns match, and all that is below", () => {
    expect(
      kept("# no\nnode_modules\n*.log\n", "a.log", "b/a.log", "node_modules/x/y", "src/main.ts"),
    ).toEqual(["b/a.log", "src/main.ts"]);
  });
  it("matches any number of folders by two stars", () => {
    expect(kept("**/*.o\na/**\n", "x.o", "b/c/x.o", "a/b", "a", "c")).toEqual(["a", "c"]);
  });
  it("keeps what a later ! means", () => {
    const rules = "*\n!src\nsrc/secret\n!**/README.md";
    expect(kept(rules, "src/a", "src/secret", "other", "README.md", "docs/README.md")).toEqual([
      "src/a",
      "README.md",
      "docs/README.md",
    ]);
  });
  it("cleans its patterns: slashes and dots around them mean nothing", () => {
    expect(kept("/a/\n./b\nc/../d\n", "a", "b", "d", "e")).toEqual(["e"]);
  });
  it("knows classes and escapes", () => {
    expect(kept("[a-c]x\nz[^0-9]\n\\*y\n", "ax", "dx", "z1", "zz", "*y", "ay")).toEqual(["dx", "z1", "ay"]);
  });
  it("knows where something may be kept below a folder that is left out", () => {
    const ignore = readIgnore("*\n!src/lib/*.ts");
    expect(["src", "src/lib", "docs"].map((folder) => ignore.keepsBelow(folder))).toEqual([
      true,
      true,
      false,
    ]);
    expect(readIgnore("*\n!**/x").keepsBelow("docs")).toBe(true);
  });
  it("refuses a pattern that is none, with its line", () => {
    expect(() => readIgnore("a\n[b\n")).toThrow("line 2: the pattern [b has a [ without its ]");
    expect(() => readIgnore("!\n")).toThrow("line 1");
  });
});
