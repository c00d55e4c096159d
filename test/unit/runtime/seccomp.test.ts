import { describe, expect, test } from "vitest";
import { compileSeccomp } from "../../../src/runtime/seccomp/compile.ts";
import { DEFAULT_PROFILE } from "../../../src/runtime/seccomp/default-profile.ts";
import { ALWAYS_ALLOWED } from "../../../src/runtime/seccomp/default-syscalls.ts";
import { isSyscallName } from "../../../src/runtime/seccomp/abi.ts";
import { WHOLE_ARGUMENT, type SeccompProfile } from "../../../src/runtime/seccomp/profile.ts";
import { checkFilter, runFilter, type Call } from "./seccomp-machine.ts";

const X64 = 0xc000003e;
const I386 = 0x40000003;
const ARM64 = 0xc00000b7;
const ARM = 0x40000028;
const X32 = 0x40000000;

const ANSWERS: Readonly<Record<number, string>> = {
  0x7fff0000: "allowed",
  0x00050001: "EPERM",
  0x00050026: "ENOSYS",
  0x80000000: "killed",
};
/** Docker's fourteen. */
const USUAL = 0xa80425fbn;

type Case = readonly [what: string, number: number, args: readonly bigint[], answer: string];

/** Numbers written out by hand from the kernel's tables, so that they test ours too. */
const ON_X64: readonly Case[] = [
  ["read", 0, [], "allowed"],
  ["write", 1, [], "allowed"],
  ["mmap", 9, [], "allowed"],
  ["rt_sigreturn", 15, [], "allowed"],
  ["ioctl", 16, [], "allowed"],
  ["fork", 57, [], "allowed"],
  ["execve", 59, [], "allowed"],
  ["ptrace", 101, [], "allowed"],
  ["syslog", 103, [], "EPERM"],
  ["uselib", 134, [], "EPERM"],
  ["personality(PER_LINUX)", 135, [0n], "allowed"],
  ["personality(PER_LINUX32)", 135, [8n], "allowed"],
  ["personality(UNAME26)", 135, [0x20000n], "allowed"],
  ["personality(PER_LINUX32 | UNAME26)", 135, [0x20008n], "allowed"],
  ["personality(query)", 135, [0xffffffffn], "allowed"],
  ["personality(ADDR_NO_RANDOMIZE)", 135, [0x40000n], "EPERM"],
  ["personality with a bit in the upper half", 135, [0x1_0000_0000n], "EPERM"],
  ["ustat", 136, [], "EPERM"],
  ["sysfs", 139, [], "EPERM"],
  ["vhangup", 153, [], "EPERM"],
  ["modify_ldt", 154, [], "allowed"],
  ["pivot_root", 155, [], "EPERM"],
  ["arch_prctl", 158, [], "allowed"],
  ["chroot", 161, [], "allowed"],
  ["acct", 163, [], "EPERM"],
  ["settimeofday", 164, [], "EPERM"],
  ["mount", 165, [], "EPERM"],
  ["umount2", 166, [], "EPERM"],
  ["swapon", 167, [], "EPERM"],
  ["reboot", 169, [], "EPERM"],
  ["sethostname", 170, [], "EPERM"],
  ["iopl", 172, [], "EPERM"],
  ["init_module", 175, [], "EPERM"],
  ["delete_module", 176, [], "EPERM"],
  ["quotactl", 179, [], "EPERM"],
  ["futex", 202, [], "allowed"],
  ["clock_settime", 227, [], "EPERM"],
  ["mbind", 237, [], "EPERM"],
  ["kexec_load", 246, [], "EPERM"],
  ["add_key", 248, [], "EPERM"],
  ["request_key", 249, [], "EPERM"],
  ["keyctl", 250, [], "EPERM"],
  ["mknodat", 259, [], "allowed"],
  ["unshare", 272, [0x10000000n], "EPERM"],
  ["move_pages", 279, [], "EPERM"],
  ["perf_event_open", 298, [], "EPERM"],
  ["name_to_handle_at", 303, [], "allowed"],
  ["open_by_handle_at", 304, [], "EPERM"],
  ["setns", 308, [], "EPERM"],
  ["kcmp", 312, [], "EPERM"],
  ["finit_module", 313, [], "EPERM"],
  ["bpf", 321, [], "EPERM"],
  ["userfaultfd", 323, [], "EPERM"],
  ["io_uring_setup", 425, [], "EPERM"],
  ["io_uring_enter", 426, [], "EPERM"],
  ["io_uring_register", 427, [], "EPERM"],
  ["open_tree", 428, [], "EPERM"],
  ["fsopen", 430, [], "EPERM"],
  ["clone3", 435, [], "ENOSYS"],
  ["close_range", 436, [], "allowed"],
  ["pidfd_getfd", 438, [], "EPERM"],
  ["landlock_restrict_self", 446, [], "allowed"],
  ["mseal", 462, [], "allowed"],
  ["removexattrat, the newest that docker knows", 466, [], "allowed"],
  ["a call newer than the profile", 467, [], "ENOSYS"],
  ["a call of the distant future", 9999, [], "ENOSYS"],
  ["a call that a tracer skipped", 0xffffffff, [], "ENOSYS"],
];

const SOCKETS: readonly Case[] = [
  ["AF_UNIX", 41, [1n, 1n, 0n], "allowed"],
  ["AF_INET", 41, [2n, 1n, 0n], "allowed"],
  ["AF_NETLINK", 41, [16n, 3n, 0n], "allowed"],
  ["37", 41, [37n], "allowed"],
  ["AF_ALG", 41, [38n, 5n, 0n], "EPERM"],
  ["AF_NFC", 41, [39n], "allowed"],
  ["AF_VSOCK", 41, [40n, 1n, 0n], "EPERM"],
  ["AF_KCM", 41, [41n], "allowed"],
  ["AF_ALG hidden by the upper half", 41, [0x1_0000_0026n], "EPERM"],
  ["AF_VSOCK hidden by the upper half", 41, [0xffff_ffff_0000_0028n], "EPERM"],
];

const CLONES: readonly Case[] = [
  ["as pthread_create calls it", 56, [0x3d0f00n], "allowed"],
  ["as fork calls it", 56, [0x1200011n], "allowed"],
  ["CLONE_NEWNS", 56, [0x00020000n], "EPERM"],
  ["CLONE_NEWCGROUP", 56, [0x02000000n], "EPERM"],
  ["CLONE_NEWUTS", 56, [0x04000000n], "EPERM"],
  ["CLONE_NEWIPC", 56, [0x08000000n], "EPERM"],
  ["CLONE_NEWUSER", 56, [0x10000000n | 17n], "EPERM"],
  ["CLONE_NEWPID", 56, [0x20000000n], "EPERM"],
  ["CLONE_NEWNET", 56, [0x40000000n], "EPERM"],
];

/** `[capability, what it opens on x64]`. */
const OPENED: readonly (readonly [string, readonly number[]])[] = [
  ["CAP_SYS_ADMIN", [103, 165, 166, 170, 179, 272, 298, 308, 321, 428, 430, 435]],
  ["CAP_DAC_READ_SEARCH", [304]],
  ["CAP_SYS_BOOT", [169]],
  ["CAP_SYS_CHROOT", [161]],
  ["CAP_SYS_MODULE", [175, 176, 313]],
  ["CAP_SYS_PACCT", [163]],
  ["CAP_SYS_PTRACE", [312, 438, 440]],
  ["CAP_SYS_RAWIO", [172, 173]],
  ["CAP_SYS_TIME", [164, 227]],
  ["CAP_SYS_TTY_CONFIG", [153]],
  ["CAP_SYS_NICE", [237, 238, 239, 450]],
  ["CAP_SYSLOG", [103]],
  ["CAP_BPF", [321]],
  ["CAP_PERFMON", [298]],
];

const usual = compileSeccomp(DEFAULT_PROFILE, { architecture: "x64", capabilities: USUAL });

function answer(program: Uint8Array, call: Call): string {
  const { action } = runFilter(program, call);
  return ANSWERS[action] ?? `0x${action.toString(16)}`;
}

describe("the default profile, with docker's fourteen capabilities on x86_64", () => {
  test.each(ON_X64)("%s (%i)", (_, number, args, expected) => {
    expect(answer(usual, { audit: X64, number, args })).toBe(expected);
  });

  test.each(SOCKETS)("socket of family %s", (_, number, args, expected) => {
    expect(answer(usual, { audit: X64, number, args })).toBe(expected);
  });

  test.each(CLONES)("clone %s", (_, number, args, expected) => {
    expect(answer(usual, { audit: X64, number, args })).toBe(expected);
  });

  test("kills whoever calls in the way of another architecture", () => {
    expect(answer(usual, { audit: ARM64, number: 0 })).toBe("killed");
  });

  test("names nothing that no architecture has", () => {
    expect(ALWAYS_ALLOWED.filter((name) => !isSyscallName(name))).toEqual([]);
    expect(new Set(ALWAYS_ALLOWED).size).toBe(ALWAYS_ALLOWED.length);
  });
});

describe("a capability", () => {
  test.each(OPENED)("%s opens what belongs to it", (capability, numbers) => {
    const without = compileSeccomp(DEFAULT_PROFILE, { architecture: "x64", capabilities: new Set() });
    const having = compileSeccomp(DEFAULT_PROFILE, {
      architecture: "x64",
      capabilities: new Set([capability]),
    });
    for (const number of numbers) {
      expect(answer(without, { audit: X64, number }), `${number} without it`).not.toBe("allowed");
      expect(answer(having, { audit: X64, number }), `${number} with it`).toBe("allowed");
    }
  });

  test("can be said as a bit or by name", () => {
    const bit = compileSeccomp(DEFAULT_PROFILE, { architecture: "x64", capabilities: 1n << 21n });
    const name = compileSeccomp(DEFAULT_PROFILE, {
      architecture: "x64",
      capabilities: new Set(["CAP_SYS_ADMIN"]),
    });
    expect(bit).toEqual(name);
    expect(answer(bit, { audit: X64, number: 56, args: [0x10000000n] })).toBe("allowed");
  });
});

describe("the other ways of calling the kernel", () => {
  const on = (architecture: "x64" | "arm64", call: Call): string =>
    answer(compileSeccomp(DEFAULT_PROFILE, { architecture, capabilities: USUAL }), call);

  test.each([
    ["i386 read", "x64", I386, 3, [], "allowed"],
    ["i386 mount", "x64", I386, 21, [], "EPERM"],
    ["i386 socketcall", "x64", I386, 102, [1n], "allowed"],
    ["i386 socket(AF_VSOCK)", "x64", I386, 359, [40n], "EPERM"],
    ["i386 keyctl", "x64", I386, 288, [], "EPERM"],
    ["i386 clone3", "x64", I386, 435, [], "ENOSYS"],
    ["x32 read", "x64", X64, X32, [], "allowed"],
    ["x32 execve", "x64", X64, X32 + 520, [], "allowed"],
    ["x32 with the number of 64-bit execve", "x64", X64, X32 + 59, [], "EPERM"],
    ["x32 mount", "x64", X64, X32 + 165, [], "EPERM"],
    ["x32 socket(AF_ALG)", "x64", X64, X32 + 41, [38n], "EPERM"],
    ["arm64 mount", "arm64", ARM64, 40, [], "EPERM"],
    ["arm64 openat", "arm64", ARM64, 56, [], "allowed"],
    ["arm64 read", "arm64", ARM64, 63, [], "allowed"],
    ["arm64 personality", "arm64", ARM64, 92, [1n], "EPERM"],
    ["arm64 unshare", "arm64", ARM64, 97, [], "EPERM"],
    ["arm64 ptrace", "arm64", ARM64, 117, [], "allowed"],
    ["arm64 socket(AF_ALG)", "arm64", ARM64, 198, [38n], "EPERM"],
    ["arm64 keyctl", "arm64", ARM64, 219, [], "EPERM"],
    ["arm64 clone(CLONE_NEWUSER)", "arm64", ARM64, 220, [0x10000000n], "EPERM"],
    ["arm64 clone3", "arm64", ARM64, 435, [], "ENOSYS"],
    ["arm open", "arm64", ARM, 5, [], "allowed"],
    ["arm mount", "arm64", ARM, 21, [], "EPERM"],
    ["arm set_tls", "arm64", ARM, 0xf0005, [], "allowed"],
    ["arm clone3", "arm64", ARM, 435, [], "ENOSYS"],
    ["x86_64 on arm64", "arm64", X64, 0, [], "killed"],
  ] as const)("%s", (_, architecture, audit, number, args, expected) => {
    expect(on(architecture, { audit, number, args })).toBe(expected);
  });

  test("are killed when the profile does not let them in, except a call a tracer skipped", () => {
    const narrow = { ...DEFAULT_PROFILE, compatible: { x64: [], arm64: [] } };
    const program = compileSeccomp(narrow, { architecture: "x64", capabilities: USUAL });
    expect(answer(program, { audit: X64, number: 0 })).toBe("allowed");
    expect(answer(program, { audit: X64, number: X32 })).toBe("killed");
    expect(answer(program, { audit: I386, number: 3 })).toBe("killed");
    expect(answer(program, { audit: X64, number: 0xffffffff })).toBe("ENOSYS");
  });

  test("socketcall does what the rule for the socket call it carries says", () => {
    const program = compileSeccomp(
      {
        defaultAction: 0x7fff0000,
        compatible: { x64: ["i386"], arm64: [] },
        rules: [{ names: ["connect", "shmat"], action: 0x00050001, conditions: [] }],
        warnings: [],
      },
      { architecture: "x64", capabilities: 0n },
    );
    expect(answer(program, { audit: I386, number: 362 })).toBe("EPERM");
    expect(answer(program, { audit: I386, number: 102, args: [3n] })).toBe("EPERM");
    expect(answer(program, { audit: I386, number: 102, args: [2n] })).toBe("allowed");
    expect(answer(program, { audit: I386, number: 117, args: [0x1_0015n] })).toBe("EPERM");
  });
});

describe("the filter's shape", () => {
  test("is one the kernel's checker takes, and small", () => {
    for (const architecture of ["x64", "arm64"] as const)
      for (const capabilities of [0n, USUAL, (1n << 41n) - 1n]) {
        const program = compileSeccomp(DEFAULT_PROFILE, { architecture, capabilities });
        checkFilter(program);
        expect(program.byteLength / 8).toBeLessThan(400);
      }
  });

  test("answers within a few instructions, whatever the call", () => {
    const numbers = Array.from({ length: 600 }, (_, number) => number);
    const steps = numbers.map((number) => runFilter(usual, { audit: X64, number }).steps);
    expect(Math.max(...steps.filter((_, number) => ![41, 56, 135].includes(number)))).toBeLessThanOrEqual(12);
    expect(Math.max(...steps)).toBeLessThanOrEqual(30);
  });

  test("jumps farther than a branch can reach", () => {
    const program = compileSeccomp(manyRules(400), { architecture: "x64", capabilities: 0n });
    checkFilter(program);
    expect(program.byteLength / 8).toBeGreaterThan(1000);
    const first = (value: bigint): string => answer(program, { audit: X64, number: 16, args: [0n, value] });
    expect([first(0n), first(199n), first(399n), first(400n)]).toEqual([
      "allowed",
      "allowed",
      "allowed",
      "EPERM",
    ]);
    expect(answer(program, { audit: X64, number: 0 })).toBe("allowed");
    expect(answer(program, { audit: X64, number: 17 })).toBe("ENOSYS");
  });

  test("refuses to be longer than the kernel takes", () => {
    expect(() => compileSeccomp(manyRules(1500), { architecture: "x64", capabilities: 0n })).toThrow(
      /instructions; the kernel takes 4096/,
    );
  });

  test("is the same for the same arguments", () => {
    expect(compileSeccomp(DEFAULT_PROFILE, { architecture: "x64", capabilities: USUAL })).toEqual(usual);
  });
});

/** read is allowed, and so are so many requests of ioctl. */
function manyRules(count: number): SeccompProfile {
  const requests = Array.from({ length: count }, (_, value) => ({
    names: ["ioctl"],
    action: 0x7fff0000,
    conditions: [{ argument: 1, comparison: "EQ" as const, value: BigInt(value), mask: WHOLE_ARGUMENT }],
  }));
  return {
    defaultAction: 0x00050001,
    compatible: { x64: [], arm64: [] },
    rules: [{ names: ["read"], action: 0x7fff0000, conditions: [] }, ...requests],
    warnings: [],
  };
}
