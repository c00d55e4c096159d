import type { ContainerSecurity } from "./container.ts";

/** capabilities(7), each at the place of its bit. */
const NAMES = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE " +
  "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE " +
  "SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE " +
  "AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF " +
  "CHECKPOINT_RESTORE"
)
  .split(" ")
  .map((name) => `CAP_${name}`);

const ALL = (1n << BigInt(NAMES.length)) - 1n;

/**
 * What a container's root may do by default: docker's list without CAP_MKNOD. Together with "nodev" on the root and
 * on volumes no container can make or use a device node outside its own /dev (docs/decisions/0003-no-mknod.md).
 */
export const DEFAULT_CAPABILITIES = capabilityMask(
  "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT AUDIT_WRITE SETFCAP"
    .split(" ")
    .map((name) => `CAP_${name}`),
);

export function isCapability(name: string): boolean {
  return NAMES.includes(name);
}

/** The names whose bits are set; bits that mean nothing yet are left out. */
export function capabilityNames(mask: bigint): ReadonlySet<string> {
  return new Set(NAMES.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n));
}

/** Bit mask of a set of capabilities; names that are none count for nothing. */
export function capabilityMask(names: readonly string[]): bigint {
  return names.reduce((mask, name) => mask | bitOf(name), 0n);
}

/**
 * The bounding set of a container, as docker has it: the default without what is dropped, and then with what is
 * added, so that dropping ALL and adding one leaves that one. With ALL added, all but what is dropped by name.
 */
export function capabilitiesOf(security: ContainerSecurity = {}): bigint {
  const { capAdd = [], capDrop = [], privileged = false } = security;
  if (privileged) return ALL;
  const dropped = capDrop.includes("ALL") ? ALL : capabilityMask(capDrop);
  if (capAdd.includes("ALL")) return ALL & ~capabilityMask(capDrop);
  return (DEFAULT_CAPABILITIES & ~dropped) | capabilityMask(capAdd);
}

/** Whether a set has one capability. */
export function hasCapability(mask: bigint, name: string): boolean {
  return (mask & bitOf(name)) !== 0n;
}

function bitOf(name: string): bigint {
  const bit = NAMES.indexOf(name);
  return bit < 0 ? 0n : 1n << BigInt(bit);
}
