/**
 * What a filter answers: an unsigned 32-bit number, the action above, 16 bits of data below.
 * seccomp(2), "SECCOMP_RET_*".
 */
export type SeccompAction = number;

export const KILL_PROCESS: SeccompAction = 0x80000000;
export const KILL_THREAD: SeccompAction = 0x00000000;
export const TRAP: SeccompAction = 0x00030000;
export const LOG: SeccompAction = 0x7ffc0000;
export const ALLOW: SeccompAction = 0x7fff0000;

/** A supervisor outside decides, seccomp_unotify(2); gantry's own containers have none. */
export const NOTIFY: SeccompAction = 0x7fc00000;

export const EPERM = 1;
export const ENOSYS = 38;
/** The kernel cuts greater ones down to this (MAX_ERRNO). */
export const MAX_ERRNO = 4095;

/** The call is not made and fails with this errno(3). */
export function failWith(errno: number): SeccompAction {
  return 0x00050000 | errno;
}

/** A tracer decides, and is told this 16-bit number; without one the call fails with ENOSYS. */
export function traceWith(message: number): SeccompAction {
  return 0x7ff00000 | message;
}

/** True for actions after which the call is made, or may be. */
export function isPermissive(action: SeccompAction): boolean {
  return action === ALLOW || action === LOG || (action & 0xffff0000) === 0x7ff00000;
}
