import { constants } from "node:os";
import { GantryError } from "../error.ts";

const RTMIN = 34; // signal(7): the C library keeps 32 and 33

/** Number of a signal given as `SIGTERM`, `TERM`, `15` or `SIGRTMIN+3`. Throws request.invalid for anything else. */
export function signalNumber(name: string): number {
  const upper = name.toUpperCase();
  const number = Number(upper);
  if (Number.isInteger(number) && number > 0 && number < 65) return number;
  const plain = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  const realTime = /^SIGRTMIN(?:\+(\d{1,2}))?$/.exec(plain);
  if (realTime !== null) return RTMIN + Number(realTime[1] ?? 0);
  const known = (constants.signals as Readonly<Record<string, number>>)[plain];
  if (known === undefined) throw new GantryError("request.invalid", `unknown signal: ${name}`);
  return known;
}

/** rt_sigtimedwait's number on x86_64 and aarch64; while a process waits in it, SigBlk does not show what it waits for. */
const SIGNAL_WAITS = ["128 ", "137 "];

/**
 * Whether a process would notice a signal. The first process of a pid namespace ignores every signal it has no
 * handler for (pid_namespaces(7)), so waiting for one to take effect is pointless. `status` and `syscall` are the
 * files of that name in /proc/<pid>. When in doubt, it would.
 */
export function catchesSignal(status: string, syscall: string, signal: number): boolean {
  if (!/^Threads:\s*1$/m.test(status)) return true;
  if (SIGNAL_WAITS.some((number) => syscall.startsWith(number))) return true;
  const bit = 1n << BigInt(signal - 1);
  for (const field of ["SigCgt", "SigBlk"]) {
    const mask = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1];
    if (mask === undefined || (BigInt(`0x${mask}`) & bit) !== 0n) return true;
  }
  return false;
}
