import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ABIS } from "../../src/runtime/seccomp/abi.ts";
import { compileSeccomp } from "../../src/runtime/seccomp/compile.ts";
import { DEFAULT_PROFILE } from "../../src/runtime/seccomp/default-profile.ts";
import type { ArgumentCondition, SeccompProfile, SeccompRule } from "../../src/runtime/seccomp/profile.ts";
import { checkFilter, runFilter, type Call } from "../unit/runtime/seccomp-machine.ts";
import { naiveAction } from "../unit/runtime/seccomp-naive.ts";

const abis = Object.values(ABIS);
/** Few names, so that rules meet; among them those with a second way, private ones and the newest. */
const NAMES = [
  "read",
  "clone",
  "socket",
  "connect",
  "socketcall",
  "semop",
  "ipc",
  "personality",
  "set_tls",
  "mseal",
];
const CAPABILITIES = ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_BPF", "CAP_SYS_CHROOT"];
const ACTIONS = [0x7fff0000, 0x7ffc0000, 0x00050001, 0x00050026, 0x80000000, 0, 0x00030000, 0x7ff00007];

const edge = fc.constantFrom(
  0n,
  1n,
  2n,
  38n,
  0xffffn,
  0xffffffffn,
  0x1_0000_0000n,
  0x1_0000_0026n,
  2n ** 64n - 1n,
);
const word = fc.oneof(edge, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 64n }));
const mask = fc.oneof(fc.constant(2n ** 64n - 1n), word);

const condition: fc.Arbitrary<ArgumentCondition> = fc.record({
  argument: fc.integer({ min: 0, max: 2 }),
  comparison: fc.constantFrom("EQ", "NE", "LT", "LE", "GT", "GE"),
  value: word,
  mask,
});
const scope = fc.record(
  {
    capabilities: fc.subarray(CAPABILITIES, { minLength: 1 }),
    architectures: fc.subarray(["amd64", "arm64", "s390x"], { minLength: 1 }),
    minKernel: fc.record({ major: fc.integer({ min: 4, max: 6 }), minor: fc.integer({ min: 0, max: 20 }) }),
  },
  { requiredKeys: [] },
);
const simpleRule = fc.record({
  names: fc.subarray(NAMES, { minLength: 1 }),
  action: fc.constantFrom(...ACTIONS),
  conditions: fc.oneof(fc.constant([]), fc.array(condition, { maxLength: 3 })),
});
const scopedRule = fc
  .tuple(simpleRule, fc.record({ includes: scope, excludes: scope }, { requiredKeys: [] }))
  .map(([plain, scopes]) => ({ ...plain, ...scopes }));
/** Mostly without scopes, so that many rules apply and get in each other's way. */
const rule: fc.Arbitrary<SeccompRule> = fc.oneof({ arbitrary: simpleRule, weight: 4 }, scopedRule);
const profile: fc.Arbitrary<SeccompProfile> = fc.record({
  defaultAction: fc.constantFrom(...ACTIONS),
  compatible: fc.record({ x64: fc.subarray(["i386", "x32"] as const), arm64: fc.subarray(["arm"] as const) }),
  rules: fc.array(rule, { maxLength: 12 }),
  warnings: fc.constant([]),
});
const options = fc.record(
  {
    architecture: fc.constantFrom("x64" as const, "arm64" as const),
    capabilities: fc.subarray(CAPABILITIES).map((names): ReadonlySet<string> => new Set(names)),
    kernel: fc.record({ major: fc.integer({ min: 4, max: 6 }), minor: fc.integer({ min: 0, max: 20 }) }),
  },
  { requiredKeys: ["architecture", "capabilities"] },
);

/** Calls of every ABI by names the rules know, by any number, and at the seams between ABIs. */
function callsBy(names: readonly string[]): fc.Arbitrary<Call> {
  const known = abis.flatMap((abi) =>
    names.flatMap((name) => {
      const number = abi.numbers.get(name);
      return number === undefined ? [] : [{ audit: abi.audit, number }];
    }),
  );
  const audit = fc.constantFrom(...abis.map((abi) => abi.audit), 0xc0000015);
  const number = fc.oneof(
    fc.integer({ min: 0, max: 600 }),
    fc.integer({ min: 0x40000000, max: 0x40000000 + 600 }),
    fc.constantFrom(0x3fffffff, 0x40000000, 0x7fffffff, 0xf0005, 0xf0006, 0xfffffffe, 0xffffffff),
    fc.integer({ min: 0, max: 0xffffffff }),
  );
  const args = fc.array(word, { minLength: 3, maxLength: 3 });
  return fc
    .tuple(fc.oneof(fc.constantFrom(...known), fc.record({ audit, number })), args)
    .map(([place, values]) => ({ ...place, args: values }));
}

describe("a compiled filter", () => {
  test("says of every call what the profile's rules say", () => {
    const calls = fc.array(callsBy(NAMES), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(profile, options, calls, (subject, choice, attempts) => {
        const program = compileSeccomp(subject, choice);
        checkFilter(program);
        for (const call of attempts)
          expect(runFilter(program, call).action, describeCall(call)).toBe(
            naiveAction(subject, choice, call),
          );
      }),
      { numRuns: 300 },
    );
  });

  test("of the default profile says so too, for any capabilities", () => {
    const names = [...new Set(abis.flatMap((abi) => [...abi.numbers.keys()]))];
    const calls = fc.array(callsBy(names), { minLength: 50, maxLength: 50 });
    fc.assert(
      fc.property(options, calls, (choice, attempts) => {
        const program = compileSeccomp(DEFAULT_PROFILE, choice);
        for (const call of attempts)
          expect(runFilter(program, call).action, describeCall(call)).toBe(
            naiveAction(DEFAULT_PROFILE, choice, call),
          );
      }),
      { numRuns: 40 },
    );
  });
});

function describeCall({ audit, number, args }: Call): string {
  return `0x${audit.toString(16)} call ${number} (${args?.join(", ")})`;
}
