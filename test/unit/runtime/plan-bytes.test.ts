import { describe, expect, it } from "vitest";
import { PlanWriter, stringRun } from "../../../src/runtime/plan/encode.ts";

const MAGIC = "47504c414e000001"; // GPLAN, two zeros, version 1

function hex(plan: PlanWriter): string {
  return Buffer.from(plan.bytes()).toString("hex");
}

describe("the bytes of a launch plan", () => {
  it("begin with magic and count, and an empty plan is no more than that", () => {
    expect(hex(new PlanWriter())).toBe(`${MAGIC}00000000`);
  });

  it("are code, argument count, and each argument's length, bytes and padding", () => {
    expect(hex(new PlanWriter().add("signal").add("mask", "/x"))).toBe(
      [MAGIC, "02000000", "1000", "0000", "1b00", "0100", "02000000", "2f78", "0000"].join(""),
    );
  });

  it("pad with one to four zeros, so that every string ends in one", () => {
    const padding = (text: string): number =>
      new PlanWriter().add("mask", text).bytes().length - 20 - text.length;
    expect(["", "a", "ab", "abc", "abcd", "abcde"].map(padding)).toEqual([4, 3, 2, 1, 4, 3]);
  });

  it("hold integers as eight bytes, negative ones and masks of all 64 bits included", () => {
    const integer = (value: number | bigint): string => hex(new PlanWriter().add("pivot", value)).slice(40);
    const padding = "00000000";
    expect(integer(-1)).toBe(`${"ff".repeat(8)}${padding}`);
    expect(integer(0x0102)).toBe(`0201000000000000${padding}`);
    expect(integer(2n ** 64n - 1n)).toBe(`${"ff".repeat(8)}${padding}`);
    expect(integer(2 ** 40)).toBe(`0000000000010000${padding}`);
  });

  it("measure text in bytes, not in letters", () => {
    expect(hex(new PlanWriter().add("hostname", "é")).slice(32)).toBe("02000000c3a90000");
  });

  it("grow as far as they must", () => {
    const big = Buffer.alloc(100_000, 7);
    const plan = new PlanWriter();
    for (let i = 0; i < 3; i++) plan.add("seccomp", big);
    const bytes = Buffer.from(plan.bytes());
    expect(bytes.length).toBe(12 + 3 * (8 + 100_004));
    expect(bytes.readUInt32LE(8)).toBe(3);
    expect(bytes.subarray(20, 20 + 100_000).equals(big)).toBe(true);
    expect(bytes.subarray(-4).equals(Buffer.alloc(4))).toBe(true);
  });

  it("a run of strings ends each in a zero, and none may hold one", () => {
    expect(stringRun(["sleep", "1", ""])).toBe(["sleep", "1", "", ""].join("\0"));
    expect(stringRun([])).toBe("");
    expect(() => stringRun(["a\0b"])).toThrow(RangeError);
  });
});
