import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ABIS, type AbiName } from "../../src/runtime/seccomp/abi.ts";
import { compileSeccomp } from "../../src/runtime/seccomp/compile.ts";
import { DEFAULT_PROFILE } from "../../src/runtime/seccomp/default-profile.ts";
import type { SeccompProfile } from "../../src/runtime/seccomp/profile.ts";

const onX64 = process.arch === "x64";
const architecture = onX64 ? "x64" : "arm64";
/** Docker's fourteen. */
const USUAL = 0xa80425fbn;

/** Confines itself with the filter given in hexadecimal ("" for none), then becomes another program. */
const CONFINED = `
import ctypes, os, sys
program = bytes.fromhex(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
if program:
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0): sys.exit("no_new_privs")
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(Program(len(program) // 8, program))):
        sys.exit("the kernel refused the filter: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
`;
/** Makes one system call and prints the error's name, or "made". */
const CALL = `
import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
answer = libc.syscall(*[ctypes.c_long(int(word, 0)) for word in sys.argv[1:]])
print("made" if answer != -1 else errno.errorcode[ctypes.get_errno()])
`;
/** The same by the way of 32-bit programs (int 0x80), without arguments; prints the kernel's answer. */
const CALL_32 = `
import ctypes, mmap, struct, sys
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
push_rbx, mov_eax, int_80, pop_rbx_return = b"\\x53", b"\\xb8", b"\\xcd\\x80", b"\\x5b\\xc3"
code.write(push_rbx + mov_eax + struct.pack("<I", int(sys.argv[1])) + int_80 + pop_rbx_return)
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))())
`;
const THREADS = `
import threading
results = []
threads = [threading.Thread(target=lambda n=n: results.append(n)) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sum(results))
`;

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(filter: Uint8Array | undefined, command: readonly string[]): Ended {
  const hexadecimal = filter === undefined ? "" : Buffer.from(filter).toString("hex");
  const { status, signal, stdout, stderr } = spawnSync("python3", ["-c", CONFINED, hexadecimal, ...command], {
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status, signal, stdout: stdout.trim(), stderr: stderr.trim() };
}

function filterOf(profile: SeccompProfile, capabilities: bigint): Uint8Array {
  return compileSeccomp(profile, { architecture, capabilities });
}

function call(filter: Uint8Array | undefined, ...words: readonly (number | bigint)[]): string {
  const { stdout, stderr } = run(filter, ["python3", "-c", CALL, ...words.map(String)]);
  return stdout === "" ? stderr : stdout;
}

const usual = filterOf(DEFAULT_PROFILE, USUAL);

describe("under the default filter, in a real kernel", () => {
  test.each([
    ["ls", ["ls", "-l", "/"], /usr/],
    ["a shell with a pipe", ["sh", "-c", "echo one two | wc -w"], /^2$/],
    ["node", ["node", "-e", "setTimeout(() => console.log(6 * 7), 1)"], /^42$/],
    ["threads in python", ["python3", "-c", THREADS], /^28$/],
    [
      "node with a worker",
      ["node", "-e", "new (require('worker_threads').Worker)('console.log(3)', {eval: true})"],
      /^3$/,
    ],
  ])("%s runs", (_, command, output) => {
    expect(run(usual, command)).toMatchObject({
      status: 0,
      signal: null,
      stdout: expect.stringMatching(output),
    });
  });

  test("unshare makes no user namespace, though without the filter it does", () => {
    expect(run(undefined, ["unshare", "-U", "true"])).toMatchObject({ status: 0 });
    expect(run(usual, ["unshare", "-U", "true"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("Operation not permitted"),
    });
  });

  test("with CAP_SYS_ADMIN it does", () => {
    expect(run(filterOf(DEFAULT_PROFILE, USUAL | (1n << 21n)), ["unshare", "-U", "true"])).toMatchObject({
      status: 0,
    });
  });

  test.runIf(onX64)("calls get the errors the profile says", () => {
    expect(call(usual, 435, 0, 0)).toBe("ENOSYS");
    expect(call(usual, 250, 0, 0)).toBe("EPERM");
    expect(call(usual, 425, 1, 0)).toBe("EPERM");
    expect(call(usual, 135, 0xffffffff)).toBe("made");
    expect(call(usual, 9999)).toBe("ENOSYS");
  });

  test.runIf(onX64)("the family of a socket cannot hide behind the upper half of its register", () => {
    const unix = 0x1_0000_0001n;
    expect(call(undefined, 41, unix, 1, 0), "the kernel drops the upper half").toBe("made");
    expect(call(usual, 41, unix, 1, 0)).toBe("made");
    expect(call(usual, 41, 40n, 1, 0)).toBe("EPERM");
    expect(call(usual, 41, 0x1_0000_0028n, 1, 0)).toBe("EPERM");
    expect(call(usual, 41, 0x1_0000_0026n, 5, 0)).toBe("EPERM");
  });

  test.runIf(onX64)("x32 calls are held to the same rules", () => {
    expect(call(usual, 0x40000000 + 165, 0, 0, 0, 0, 0)).toBe("EPERM");
  });
});

const emulates32 = onX64 && run(undefined, ["python3", "-c", CALL_32, "20"]).status === 0;

describe.runIf(emulates32)("a 32-bit call of a 64-bit program", () => {
  const getpid = 20;
  const keyctl = 288;
  const call32 = (filter: Uint8Array | undefined, number: number): Ended =>
    run(filter, ["python3", "-c", CALL_32, String(number)]);

  test("is held to the same rules", () => {
    expect(Number(call32(usual, getpid).stdout)).toBeGreaterThan(0);
    expect(call32(undefined, keyctl).stdout).not.toBe("-1");
    expect(call32(usual, keyctl).stdout).toBe("-1");
  });

  test("kills where the profile lets in no other architecture", () => {
    const narrow = { ...DEFAULT_PROFILE, compatible: { x64: [], arm64: [] } };
    expect(call32(filterOf(narrow, USUAL), getpid)).toMatchObject({ signal: "SIGSYS" });
  });
});

const HEADERS = "/usr/include/x86_64-linux-gnu/asm";

describe.runIf(onX64 && existsSync(HEADERS))("the tables of system calls", () => {
  test.each<[AbiName, string]>([
    ["x64", "unistd_64.h"],
    ["x32", "unistd_x32.h"],
    ["i386", "unistd_32.h"],
  ])("of %s have every number of the kernel's headers", (name, file) => {
    const { first, numbers } = ABIS[name];
    const lines = readFileSync(`${HEADERS}/${file}`, "utf8").matchAll(
      /^#define __NR_(\w+)\s+\(?(?:__X32_SYSCALL_BIT \+ )?(\d+)\)?$/gm,
    );
    const header = [...lines].map(([, syscall, number]) => [syscall ?? "", Number(number) + first] as const);
    expect(header.length).toBeGreaterThan(300);
    expect(header.filter(([syscall, number]) => numbers.get(syscall) !== number)).toEqual([]);
  });
});
