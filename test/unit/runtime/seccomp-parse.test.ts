import { describe, expect, test } from "vitest";
import { GantryError } from "../../../src/error.ts";
import { compileSeccomp } from "../../../src/runtime/seccomp/compile.ts";
import { parseSeccompProfile } from "../../../src/runtime/seccomp/parse.ts";
import { runFilter } from "./seccomp-machine.ts";

const X64 = 0xc000003e;
const I386 = 0x40000003;
const ALLOWED = 0x7fff0000;
const READ = { names: ["read"], action: "SCMP_ACT_ALLOW" };

/** What a profile, as JSON, says of `number` on x86_64. */
function action(json: unknown, number: number, args: readonly bigint[] = [], audit = X64): number {
  const program = compileSeccomp(parseSeccompProfile(json), {
    architecture: "x64",
    capabilities: new Set(["CAP_SYS_ADMIN"]),
    kernel: { major: 6, minor: 1 },
  });
  return runFilter(program, { audit, number, args }).action;
}

function withRule(rule: object): object {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [{ names: ["read", "mseal"], action: "SCMP_ACT_ALLOW" }, rule],
  };
}

describe("a profile in docker's format", () => {
  test.each([
    ["SCMP_ACT_KILL", undefined, 0],
    ["SCMP_ACT_KILL_THREAD", undefined, 0],
    ["SCMP_ACT_KILL_PROCESS", undefined, 0x80000000],
    ["SCMP_ACT_TRAP", undefined, 0x00030000],
    ["SCMP_ACT_ERRNO", undefined, 0x00050001],
    ["SCMP_ACT_ERRNO", 13, 0x0005000d],
    ["SCMP_ACT_TRACE", undefined, 0x7ff00001],
    ["SCMP_ACT_TRACE", 0xffff, 0x7ff0ffff],
    ["SCMP_ACT_LOG", undefined, 0x7ffc0000],
    ["SCMP_ACT_ALLOW", undefined, 0x7fff0000],
  ])("knows %s with errno %s", (defaultAction, defaultErrnoRet, expected) => {
    const other = {
      names: ["mseal"],
      action: defaultAction === "SCMP_ACT_TRAP" ? "SCMP_ACT_KILL" : "SCMP_ACT_TRAP",
    };
    expect(action({ defaultAction, defaultErrnoRet, syscalls: [other] }, 0)).toBe(expected);
  });

  test.each([
    ["SCMP_CMP_EQ", [false, true, false]],
    ["SCMP_CMP_NE", [true, false, true]],
    ["SCMP_CMP_LT", [true, false, false]],
    ["SCMP_CMP_LE", [true, true, false]],
    ["SCMP_CMP_GT", [false, false, true]],
    ["SCMP_CMP_GE", [false, true, true]],
  ])("compares all 64 bits with %s", (op, expected) => {
    const value = 0x2_0000_0000;
    const profile = withRule({ names: ["ioctl"], action: "SCMP_ACT_ALLOW", args: [{ index: 1, value, op }] });
    for (const spread of [1n, 0x1_0000_0000n]) {
      const around = [BigInt(value) - spread, BigInt(value), BigInt(value) + spread];
      expect(around.map((argument) => action(profile, 16, [0n, argument]) === ALLOWED)).toEqual(expected);
    }
  });

  test("compares masked bits: value is the mask, valueTwo what must be left", () => {
    const args = [{ index: 0, value: 0xf0, valueTwo: 0x30, op: "SCMP_CMP_MASKED_EQ" }];
    const profile = withRule({ names: ["ioctl"], action: "SCMP_ACT_ALLOW", args });
    expect(action(profile, 16, [0xff_ff3fn])).toBe(ALLOWED);
    expect(action(profile, 16, [0x4fn])).not.toBe(ALLOWED);
  });

  test("needs all conditions of a rule, and one of several rules", () => {
    const at = (index: number, value: number): object => ({ index, value, op: "SCMP_CMP_EQ" });
    const profile = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        { name: "ioctl", action: "SCMP_ACT_ALLOW", args: [at(0, 1), at(1, 2)] },
        { name: "ioctl", action: "SCMP_ACT_ALLOW", args: [at(0, 7)] },
      ],
    };
    expect(action(profile, 16, [1n, 2n])).toBe(ALLOWED);
    expect(action(profile, 16, [1n, 3n])).not.toBe(ALLOWED);
    expect(action(profile, 16, [7n, 3n])).toBe(ALLOWED);
  });

  test("needs one of the conditions where an index stands twice, as runc reads it, and says so", () => {
    const args = [1, 2].map((value) => ({ index: 0, value, op: "SCMP_CMP_EQ" }));
    const profile = withRule({ names: ["ioctl"], action: "SCMP_ACT_ALLOW", args });
    expect([1n, 2n, 3n].map((value) => action(profile, 16, [value]) === ALLOWED)).toEqual([
      true,
      true,
      false,
    ]);
    expect(parseSeccompProfile(profile).warnings).toEqual([
      expect.stringContaining("syscalls[1].args: an index"),
    ]);
  });

  test.each([
    ["includes", { caps: ["CAP_SYS_ADMIN"] }, true],
    ["includes", { caps: ["CAP_SYS_ADMIN", "CAP_BPF"] }, false],
    ["includes", { arches: ["amd64", "x32"] }, true],
    ["includes", { arches: ["s390x"] }, false],
    ["includes", { minKernel: "6.1" }, true],
    ["includes", { minKernel: "6.2" }, false],
    ["includes", {}, true],
    ["includes", null, true],
    ["excludes", { caps: ["CAP_BPF", "CAP_SYS_ADMIN"] }, false],
    ["excludes", { caps: ["CAP_BPF"] }, true],
    ["excludes", { arches: ["amd64"] }, false],
    ["excludes", { arches: [] }, true],
    ["excludes", { minKernel: "4.8" }, false],
    ["excludes", { minKernel: "6.10" }, true],
  ])("applies a rule where %s is %j: %s", (key, scope, expected) => {
    const profile = withRule({ names: ["ioctl"], action: "SCMP_ACT_ALLOW", [key]: scope });
    expect(action(profile, 16) === ALLOWED).toBe(expected);
  });

  test("lets in the architectures that archMap gives the machine, or that are listed", () => {
    const syscalls = [READ];
    const archMap = [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] }];
    const defaultAction = "SCMP_ACT_ERRNO";
    expect(action({ defaultAction, archMap, syscalls }, 3, [], I386)).toBe(ALLOWED);
    expect(action({ defaultAction, architectures: ["SCMP_ARCH_X86"], syscalls }, 3, [], I386)).toBe(ALLOWED);
    expect(action({ defaultAction, architectures: ["SCMP_ARCH_X32"], syscalls }, 3, [], I386)).toBe(
      0x80000000,
    );
    expect(action({ defaultAction, syscalls }, 3, [], I386)).toBe(0x80000000);
    expect(action({ defaultAction, syscalls }, 0)).toBe(ALLOWED);
  });

  test("lets an unconditional rule outrank one with conditions, wherever it stands", () => {
    const args = [{ index: 0, value: 1, op: "SCMP_CMP_EQ" }];
    const some = { names: ["ioctl"], action: "SCMP_ACT_KILL", args };
    const all = { names: ["ioctl"], action: "SCMP_ACT_ALLOW" };
    for (const syscalls of [
      [some, all],
      [all, some],
    ])
      expect(action({ defaultAction: "SCMP_ACT_ERRNO", syscalls }, 16, [1n])).toBe(ALLOWED);
  });

  test("hears nothing in a rule that repeats the default action", () => {
    const args = [{ index: 0, value: 1, op: "SCMP_CMP_EQ" }];
    const refuse = { names: ["ioctl"], action: "SCMP_ACT_ERRNO" };
    const allow = { names: ["ioctl"], action: "SCMP_ACT_ALLOW", args };
    for (const syscalls of [
      [refuse, allow],
      [allow, refuse],
      [{ ...refuse, args }, allow],
    ])
      expect(action({ defaultAction: "SCMP_ACT_ERRNO", syscalls }, 16, [1n])).toBe(ALLOWED);
  });

  test("takes exact numbers above 2^53 as strings", () => {
    const value = "18446744073709551615";
    const profile = withRule({
      names: ["ioctl"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
    });
    expect(action(profile, 16, [2n ** 64n - 1n])).toBe(ALLOWED);
    expect(action(profile, 16, [2n ** 64n - 2n])).not.toBe(ALLOWED);
  });

  test("leaves out system calls nobody knows, and tells of them", () => {
    const profile = parseSeccompProfile(withRule({ names: ["raed", "write"], action: "SCMP_ACT_ALLOW" }));
    expect(profile.warnings).toEqual(["syscalls[1].names: no system calls of x86 or ARM, ignored: raed"]);
    expect(action(withRule({ names: ["raed", "write"], action: "SCMP_ACT_ALLOW" }), 1)).toBe(ALLOWED);
  });
});

describe("what is no profile is refused with a place and a reason", () => {
  const rule = (more: object): object => ({
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [{ ...READ, ...more }],
  });
  const arg = (more: object): object => rule({ args: [{ index: 0, value: 0, op: "SCMP_CMP_EQ", ...more }] });

  test.each<[string, unknown, string]>([
    ["null", null, "an object is needed here, this is null"],
    ["a list", [], "an object is needed here, this is a list"],
    ["a string", "unconfined", "an object is needed here, this is a string"],
    ["nothing in it", {}, "defaultAction: a string is needed here, this is missing"],
    ["an unknown action", { defaultAction: "ALLOW" }, 'defaultAction: "ALLOW" is not one of SCMP_ACT_KILL'],
    ["an action inherited from Object", { defaultAction: "constructor" }, '"constructor" is not one of'],
    ["an unknown key", { defaultAction: "SCMP_ACT_LOG", syscall: [] }, '"syscall" is no key of this'],
    [
      "__proto__",
      JSON.parse('{"defaultAction":"SCMP_ACT_LOG","__proto__":{}}'),
      '"__proto__" is no key of this',
    ],
    ["a misspelt excludes", rule({ exclude: {} }), 'syscalls[0]: "exclude" is no key of this'],
    [
      "syscalls as an object",
      { defaultAction: "SCMP_ACT_LOG", syscalls: {} },
      "syscalls: a list is needed here",
    ],
    ["no name", rule({ names: [] }), "syscalls[0]: it names no system call"],
    ["a name that is a number", rule({ names: [1] }), "syscalls[0].names[0]: a string is needed here"],
    ["name and names", rule({ name: "write" }), "syscalls[0]: it has both name and names"],
    ["an errno too great", rule({ action: "SCMP_ACT_ERRNO", errnoRet: 4096 }), "from 0 to 4095"],
    ["an errno of text", rule({ action: "SCMP_ACT_ERRNO", errnoRet: "EPERM" }), "a whole number from 0"],
    ["a seventh argument", arg({ index: 6 }), "syscalls[0].args[0].index: a whole number from 0 to 5"],
    ["an unknown comparison", arg({ op: "EQ" }), 'syscalls[0].args[0].op: "EQ" is not one of SCMP_CMP_NE'],
    ["a negative value", arg({ value: -1 }), "syscalls[0].args[0].value: an unsigned number of 64 bits"],
    ["a fraction", arg({ value: 0.5 }), "an unsigned number of 64 bits"],
    ["a rounded number", arg({ value: 2 ** 64 }), "above 2^53 write it as a string"],
    ["a string beyond 64 bits", arg({ value: "18446744073709551616" }), "an unsigned number of 64 bits"],
    ["an unknown machine", rule({ includes: { arches: ["amd46"] } }), '"amd46" is not one of x86, amd64'],
    ["a kernel of three numbers", rule({ includes: { minKernel: "4.8.1" } }), "is no kernel version"],
    [
      "an unknown architecture",
      { defaultAction: "SCMP_ACT_LOG", architectures: ["amd64"] },
      "is no architecture",
    ],
    [
      "both kinds of architectures",
      {
        defaultAction: "SCMP_ACT_LOG",
        architectures: ["SCMP_ARCH_X86"],
        archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: null }],
      },
      "both architectures and archMap",
    ],
    [
      "more names than anybody needs",
      rule({ names: Array.from({ length: 20_001 }, () => "read") }),
      "more than 20000",
    ],
  ])("%s", (_, json, message) => {
    const parse = (): unknown => parseSeccompProfile(json);
    expect(parse).toThrow(GantryError);
    expect(parse).toThrow(
      expect.objectContaining({ code: "spec.invalid", message: expect.stringContaining(message) }),
    );
  });
});
