import type { Assembler, Branch, Target } from "./assembler.ts";
import type { ArgumentCondition, Comparison } from "./profile.ts";

/** struct seccomp_data: nr, arch, instruction_pointer, then six arguments of 8 bytes. seccomp(2) */
const ARGUMENTS_OFFSET = 16;

/** Every comparison is one of three, perhaps with the two ways out exchanged. */
const BASIC: Readonly<Record<Comparison, { branch: Branch; negated: boolean }>> = {
  EQ: { branch: "EQ", negated: false },
  NE: { branch: "EQ", negated: true },
  GT: { branch: "GT", negated: false },
  LE: { branch: "GT", negated: true },
  GE: { branch: "GE", negated: false },
  LT: { branch: "GE", negated: true },
};

/** Code that goes to `holds` or to `fails`. BPF has 32-bit words, so the upper half decides unless it is equal. */
export function testArgument(
  assembler: Assembler,
  { argument, comparison, value, mask }: ArgumentCondition,
  holds: Target,
  fails: Target,
): Target {
  const { branch, negated } = BASIC[comparison];
  const [yes, no] = negated ? [fails, holds] : [holds, fails];
  const offset = ARGUMENTS_OFFSET + argument * 8;
  const load = (at: number, half: number): Target => {
    if (half !== 0xffffffff) assembler.and(half);
    return { label: assembler.load(at) };
  };

  assembler.branch(branch, lower(value), yes, no);
  const low = load(offset, lower(mask));
  // Nothing of the upper half counts: it is zero, whatever the argument.
  if (upper(mask) === 0) return upper(value) === 0 ? low : no;

  const equal = assembler.branch("EQ", upper(value), low, no);
  if (branch !== "EQ") assembler.branch("GT", upper(value), yes, { label: equal });
  return load(offset + 4, upper(mask));
}

function lower(value: bigint): number {
  return Number(value & 0xffffffffn);
}

function upper(value: bigint): number {
  return Number(value >> 32n);
}
