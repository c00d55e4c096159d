import { describe, expect, test } from "vitest";
import { copyTarget, endpoint, renamed } from "../../../src/cli/copy-target.ts";

test("a side is a container's where a name stands before the first colon", () => {
  expect(endpoint("web:/etc/x:y")).toEqual({ container: "web", path: "/etc/x:y" });
  expect(endpoint("web:")).toEqual({ container: "web", path: "/" });
  for (const here of ["./web:x", "/a:b", "plain", "-"]) expect(endpoint(here)).toEqual({ path: here });
});

describe("where a copy goes, by docker's rules", () => {
  const [folder, file] = [{ folder: true }, { folder: false }];
  test.each([
    ["a file into a folder", "a/f", file, "/t", folder, "/t", "f"],
    ["a file over a file", "a/f", file, "/t", file, "/", "t"],
    ["a file to a new name", "a/f", file, "/d/t", undefined, "/d", "t"],
    ["a folder into a folder", "a/d/", folder, "/t", folder, "/t", "d"],
    ["a folder to a new name", "a/d", folder, "/d/t/", undefined, "/d", "t"],
    ["what a folder holds into a folder", "a/d/.", folder, "/t", folder, "/t", "."],
    ["what a folder holds to a new name", "a/d/.", folder, "/d/t", undefined, "/d", "t"],
  ] as const)("%s", (_what, path, kind, target, found, into, name) => {
    expect(copyTarget({ path, ...kind }, { path: target, found })).toEqual({ folder: into, name });
  });

  test("a folder never over a file, a file never to a folder that is not there", () => {
    expect(() => copyTarget({ path: "d", folder: true }, { path: "/t", found: { folder: false } })).toThrow(
      /onto a file/,
    );
    expect(() => copyTarget({ path: "f", folder: false }, { path: "/t/", found: undefined })).toThrow(
      /no folder/,
    );
  });
});

test.each([
  ["site/a", "site", "www", "www/a"],
  ["site", "site", "www", "www"],
  ["./a", ".", "www", "www/a"],
  ["site/a", "site", ".", "a"],
  ["site/a", "site", "site", "site/a"],
])("entry %s with %s called %s is %s", (entry, from, to, expected) => {
  expect(renamed(entry, from, to)).toBe(expected);
});
