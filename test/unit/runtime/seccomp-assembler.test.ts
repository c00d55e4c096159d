import { describe, expect, test } from "vitest";
import { testArgument } from "../../../src/runtime/seccomp/argument.ts";
import { Assembler } from "../../../src/runtime/seccomp/assembler.ts";
import { checkFilter, runFilter } from "./seccomp-machine.ts";

/** Instructions that do nothing to the answer. */
function pad(assembler: Assembler, count: number): void {
  for (let index = 0; index < count; index += 1) assembler.and(0xffffffff);
}

const FAR = [0, 1, 250, 252, 253, 254, 255, 256, 257, 258, 300, 511, 600];

describe("the assembler", () => {
  test.each(FAR)("branches to both of two places %i instructions ahead", (distance) => {
    const assembler = new Assembler();
    assembler.continueAt({ answer: 22 });
    const second = { label: assembler.load(0) };
    assembler.continueAt({ answer: 11 });
    const first = { label: assembler.load(0) };
    pad(assembler, distance);
    assembler.branch("EQ", 5, first, second);
    assembler.load(0);
    const program = assembler.finish();
    checkFilter(program);
    expect(runFilter(program, { audit: 0, number: 5 }).action).toBe(11);
    expect(runFilter(program, { audit: 0, number: 6 }).action).toBe(22);
  });

  test.each(FAR)("answers, though the last place with that answer lies %i instructions ahead", (distance) => {
    const assembler = new Assembler();
    assembler.branch("GT", 7, { answer: 11 }, { answer: 22 });
    pad(assembler, distance);
    assembler.branch("GE", 5, { answer: 22 }, { answer: 11 });
    assembler.load(0);
    const program = assembler.finish();
    checkFilter(program);
    expect(runFilter(program, { audit: 0, number: 5 }).action).toBe(22);
    expect(runFilter(program, { audit: 0, number: 4 }).action).toBe(11);
  });

  test("writes an answer once for many branches", () => {
    const assembler = new Assembler();
    for (let index = 0; index < 50; index += 1) assembler.branch("EQ", index, { answer: 1 }, { answer: 2 });
    expect(assembler.length).toBe(52);
  });
});

describe("a test of an argument whose upper half is masked away", () => {
  test.each(["EQ", "GT", "GE"] as const)("finds it never %s to a value beyond 32 bits", (comparison) => {
    const assembler = new Assembler();
    const condition = { argument: 0, comparison, value: 0x1_0000_0005n, mask: 0xffffffffn };
    assembler.continueAt(testArgument(assembler, condition, { answer: 1 }, { answer: 2 }));
    const program = assembler.finish();
    for (const value of [5n, 6n, 0x1_0000_0005n, 0xffffffffn])
      expect(runFilter(program, { audit: 0, number: 0, args: [value] }).action).toBe(2);
  });
});
