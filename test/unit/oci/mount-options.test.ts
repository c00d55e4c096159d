import { expect, test } from "vitest";
import { parseMountOptions } from "../../../src/oci/mount-options.ts";

const NONE = { set: 0, clear: 0 };

test("attributes, propagation and the file system's own options are told apart", () => {
  expect(parseMountOptions(["nosuid", "noexec", "mode=755", "rslave", "ro"])).toEqual({
    bind: false,
    recursive: false,
    remount: false,
    attributes: { set: 0xb, clear: 0 },
    recursiveAttributes: NONE,
    propagation: [{ type: 1 << 19, recursive: true }],
    data: ["mode=755"],
  });
});

test("of two options about one thing the later one counts", () => {
  expect(parseMountOptions(["ro", "rw"]).attributes).toEqual({ set: 0, clear: 1 });
  expect(parseMountOptions(["rw", "ro"]).attributes).toEqual({ set: 1, clear: 0 });
});

test("one way of keeping access times has the kernel forget the others", () => {
  expect(parseMountOptions(["noatime"]).attributes).toEqual({ set: 0x10, clear: 0x70 });
  expect(parseMountOptions(["noatime", "strictatime"]).attributes).toEqual({ set: 0x20, clear: 0x70 });
});

test("rro is read-only all the way down, and rbind alone is not", () => {
  expect(parseMountOptions(["rbind", "rro"])).toMatchObject({
    bind: true,
    recursive: true,
    attributes: NONE,
    recursiveAttributes: { set: 1, clear: 0 },
  });
});
