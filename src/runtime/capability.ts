/** capabilities(7), by number. */
const NUMBERS = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_FSETID: 4,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_RAW: 13,
  CAP_SYS_CHROOT: 18,
  CAP_AUDIT_WRITE: 29,
  CAP_SETFCAP: 31,
} as const;

type Capability = keyof typeof NUMBERS;

/**
 * What a container's root may do by default: docker's list without CAP_MKNOD. Together with "nodev" on the root and
 * on volumes no container can make or use a device node outside its own /dev (docs/decisions/0003-no-mknod.md).
 */
export const DEFAULT_CAPABILITIES = Object.keys(NUMBERS) as readonly Capability[];

/** Bit mask of a set of capabilities. */
export function capabilityMask(names: readonly Capability[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(NUMBERS[name])), 0n);
}
