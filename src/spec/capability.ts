import { InvalidValue } from "./report.ts";
import { didYouMean } from "./suggest.ts";

/** capabilities(7), without the prefix. */
const NAMES = (
  "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER " +
  "FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE " +
  "NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE " +
  "SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM"
).split(" ");

/** `CAP_NET_ADMIN` from `NET_ADMIN`, `CAP_NET_ADMIN` or `net_admin`; `ALL` stays. Throws InvalidValue. */
export function readCapability(text: string): string {
  const name = text.toUpperCase().replace(/^CAP_/, "");
  if (name === "ALL") return name;
  if (NAMES.includes(name)) return `CAP_${name}`;
  throw new InvalidValue(`"${text}" is not a capability${didYouMean(name, [...NAMES, "ALL"])}`);
}
