import type { DeviceRule } from "./container.ts";

/**
 * The program that decides over devices on cgroup v2, where there is no devices controller: type BPF_PROG_TYPE_CGROUP_DEVICE,
 * eBPF instructions of 8 bytes (bpf(2), the kernel's Documentation/bpf/standardization/instruction-set.rst).
 * It allows what a rule allows: an access is asked for as a set of permissions and needs all of them from one rule.
 */
export function deviceProgram(rules: readonly DeviceRule[]): Uint8Array {
  const prologue = [
    load(R.type, R.context, 0),
    move(R.access, R.type),
    shiftRight(R.access, 16),
    and(R.type, 0xffff),
    load(R.major, R.context, 4),
    load(R.minor, R.context, 8),
  ];
  const body = rules.flatMap(ruleCode);
  return Buffer.concat([...prologue, ...body, set(R.result, 0), EXIT]);
}

/** Registers: the context comes in R1, the verdict goes out in R0. */
const R = { result: 0, context: 1, type: 2, access: 3, major: 4, minor: 5, wanted: 6 } as const;
/** uapi/linux/bpf.h: BPF_DEVCG_DEV_* and BPF_DEVCG_ACC_*. */
const TYPE = { b: 1, c: 2 } as const;
const ACCESS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const EVERY_ACCESS = 7;

/** Jumps over its own end wherever the rule does not match. */
function ruleCode({ type, major, minor, permissions }: DeviceRule): readonly Buffer[] {
  const access = permissions.split("").reduce((mask, letter) => mask | (ACCESS[letter] ?? 0), 0);
  const checks = [
    ...(type === "a" ? [] : [(skip: number) => [jumpUnlessEqual(R.type, TYPE[type], skip)]]),
    ...(access === EVERY_ACCESS
      ? []
      : [
          (skip: number) => [
            move(R.wanted, R.access),
            and(R.wanted, EVERY_ACCESS & ~access),
            jumpUnlessEqual(R.wanted, 0, skip),
          ],
        ]),
    ...(major === -1 ? [] : [(skip: number) => [jumpUnlessEqual(R.major, major, skip)]]),
    ...(minor === -1 ? [] : [(skip: number) => [jumpUnlessEqual(R.minor, minor, skip)]]),
  ];
  let code: readonly Buffer[] = [set(R.result, 1), EXIT];
  for (const check of checks.toReversed()) code = [...check(code.length), ...code];
  return code;
}

function instruction(code: number, to: number, from: number, offset: number, immediate: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes[0] = code;
  bytes[1] = to | (from << 4);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}

const EXIT = instruction(0x95, 0, 0, 0, 0);
/** 32 bits of memory. */
const load = (to: number, from: number, offset: number): Buffer => instruction(0x61, to, from, offset, 0);
const move = (to: number, from: number): Buffer => instruction(0xbc, to, from, 0, 0);
const set = (to: number, value: number): Buffer => instruction(0xb7, to, 0, 0, value);
const and = (to: number, mask: number): Buffer => instruction(0x54, to, 0, 0, mask);
const shiftRight = (to: number, bits: number): Buffer => instruction(0x74, to, 0, 0, bits);
const jumpUnlessEqual = (register: number, value: number, skip: number): Buffer =>
  instruction(0x55, register, 0, skip, value);
