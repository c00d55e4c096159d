import { COMPATIBLE } from "./abi.ts";
import { ALLOW, ENOSYS, EPERM, failWith } from "./action.ts";
import { ALWAYS_ALLOWED } from "./default-syscalls.ts";
import {
  WHOLE_ARGUMENT,
  type ArgumentCondition,
  type Comparison,
  type SeccompProfile,
  type SeccompRule,
} from "./profile.ts";

/** What a capability opens, beyond ALWAYS_ALLOWED. Without the capability most of these would fail anyway. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_DAC_READ_SEARCH: "open_by_handle_at",
  CAP_SYS_ADMIN:
    "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr " +
    "lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl " +
    "quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare",
  CAP_SYS_BOOT: "reboot",
  CAP_SYS_CHROOT: "chroot",
  CAP_SYS_MODULE: "delete_module finit_module init_module",
  CAP_SYS_PACCT: "acct",
  CAP_SYS_PTRACE: "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
  CAP_SYS_RAWIO: "ioperm iopl",
  CAP_SYS_TIME: "clock_settime clock_settime64 settimeofday stime",
  CAP_SYS_TTY_CONFIG: "vhangup",
  CAP_SYS_NICE: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
  CAP_SYSLOG: "syslog",
  CAP_BPF: "bpf",
  CAP_PERFMON: "perf_event_open",
};

/** socket(2). Both have let containers reach what belongs to the host: its hypervisor, its crypto drivers. */
const AF_ALG = 38n;
const AF_VSOCK = 40n;

/** PER_LINUX, PER_LINUX32, each also with UNAME26, and the question "which one is it". personality(2) */
const HARMLESS_PERSONALITIES = [0x0n, 0x8n, 0x20000n, 0x20008n, 0xffffffffn];

/** CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET. clone(2) */
const NEW_NAMESPACES = 0x7e020000n;

/**
 * Equivalent to docker's default profile: everything fails with EPERM that is not named here. It differs in one
 * place. socket(2) takes an int, so the kernel drops the upper half of the register; compared as 64 bits,
 * AF_ALG + 2^32 would pass for a harmless family. Here the lower half is what is compared.
 */
export const DEFAULT_PROFILE: SeccompProfile = {
  defaultAction: failWith(EPERM),
  compatible: COMPATIBLE,
  rules: [
    allow(ALWAYS_ALLOWED),
    // Before Linux 4.8 a tracer could change a call after the filter had seen it.
    {
      ...allow(["process_vm_readv", "process_vm_writev", "ptrace"]),
      includes: { minKernel: { major: 4, minor: 8 } },
    },
    allow(["socket"], int("LT", AF_ALG)),
    allow(["socket"], int("GT", AF_ALG), int("LT", AF_VSOCK)),
    allow(["socket"], int("GT", AF_VSOCK)),
    ...HARMLESS_PERSONALITIES.map((persona) =>
      allow(["personality"], { argument: 0, comparison: "EQ", value: persona, mask: WHOLE_ARGUMENT }),
    ),
    {
      ...allow(["arm_fadvise64_64", "arm_sync_file_range", "breakpoint", "cacheflush", "set_tls"]),
      includes: { architectures: ["arm64"] },
    },
    { ...allow(["arch_prctl", "modify_ldt"]), includes: { architectures: ["amd64"] } },
    ...Object.entries(BY_CAPABILITY).map(([capability, names]) => ({
      ...allow(names.split(" ")),
      includes: { capabilities: [capability] },
    })),
    {
      ...allow(["clone"], { argument: 0, comparison: "EQ", value: 0n, mask: NEW_NAMESPACES }),
      excludes: { capabilities: ["CAP_SYS_ADMIN"] },
    },
    // Its flags lie in memory, out of a filter's sight. On ENOSYS C libraries use clone instead.
    {
      names: ["clone3"],
      action: failWith(ENOSYS),
      conditions: [],
      excludes: { capabilities: ["CAP_SYS_ADMIN"] },
    },
  ],
  warnings: [],
};

function allow(names: readonly string[], ...conditions: readonly ArgumentCondition[]): SeccompRule {
  return { names, action: ALLOW, conditions };
}

/** The first argument as the kernel reads it where it is an int: 32 bits of the 64. */
function int(comparison: Comparison, value: bigint): ArgumentCondition {
  return { argument: 0, comparison, value, mask: 0xffffffffn };
}
