import { ARM } from "./syscalls/arm.ts";
import { ARM64 } from "./syscalls/arm64.ts";
import { I386 } from "./syscalls/i386.ts";
import { I386_MULTIPLEXERS, type Multiplexer } from "./syscalls/multiplexed.ts";
import type { SyscallTable } from "./syscalls/table.ts";
import { X32, X32_BIT } from "./syscalls/x32.ts";
import { X64 } from "./syscalls/x64.ts";

/** What the machine is, in Node's words (`process.arch`). */
export type MachineArchitecture = "x64" | "arm64";

export type AbiName = "x64" | "x32" | "i386" | "arm64" | "arm";

/** One way of calling the kernel: how numbers are to be read. A machine has several. */
export interface Abi {
  /** As profiles spell it. */
  readonly scmp: string;
  /** AUDIT_ARCH_* of linux/audit.h, which the kernel puts in seccomp_data.arch. x64 and x32 share one. */
  readonly audit: number;
  /** Its numbers lie from here to `last`. */
  readonly first: number;
  readonly last: number;
  /** Width of an argument: with 32, the upper half is not looked at. */
  readonly wordBits: 32 | 64;
  readonly numbers: SyscallTable;
  readonly multiplexers: readonly Multiplexer[];
}

const AUDIT_X86_64 = 0xc000003e;
const ALL = { first: 0, last: 0xffffffff, multiplexers: [] } as const;

export const ABIS: Readonly<Record<AbiName, Abi>> = {
  x64: {
    ...ALL,
    scmp: "SCMP_ARCH_X86_64",
    audit: AUDIT_X86_64,
    last: X32_BIT - 1,
    wordBits: 64,
    numbers: X64,
  },
  x32: { ...ALL, scmp: "SCMP_ARCH_X32", audit: AUDIT_X86_64, first: X32_BIT, wordBits: 32, numbers: X32 },
  i386: {
    ...ALL,
    scmp: "SCMP_ARCH_X86",
    audit: 0x40000003,
    wordBits: 32,
    numbers: I386,
    multiplexers: I386_MULTIPLEXERS,
  },
  arm64: { ...ALL, scmp: "SCMP_ARCH_AARCH64", audit: 0xc00000b7, wordBits: 64, numbers: ARM64 },
  arm: { ...ALL, scmp: "SCMP_ARCH_ARM", audit: 0x40000028, wordBits: 32, numbers: ARM },
};

/** What a machine's kernel can run beside its own; a profile says which of them are let in. */
export const COMPATIBLE: Readonly<Record<MachineArchitecture, readonly AbiName[]>> = {
  x64: ["i386", "x32"],
  arm64: ["arm"],
};

/** True when some architecture gantry knows has a system call of this name. */
export function isSyscallName(name: string): boolean {
  return Object.values(ABIS).some((abi) => abi.numbers.has(name));
}
