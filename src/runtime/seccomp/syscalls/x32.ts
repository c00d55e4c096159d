import { syscallTable, type SyscallTable } from "./table.ts";
import { X64 } from "./x64.ts";

/** Kernel: __X32_SYSCALL_BIT in arch/x86/include/uapi/asm/unistd.h. */
export const X32_BIT = 0x40000000;

/** System calls of x86_64 that x32 does not have at all: the entries marked `64` there without one marked `x32`. */
const ABSENT = new Set(
  (
    "_sysctl create_module epoll_ctl_old epoll_wait_old get_kernel_syms get_thread_area nfsservctl " +
    "query_module set_thread_area uselib vserver"
  ).split(" "),
);

/** Those whose arguments hold pointers or longs in memory, so that x32 needs a number of its own. */
const OWN = syscallTable({
  512: "rt_sigaction rt_sigreturn ioctl readv writev recvfrom sendmsg recvmsg",
  520: "execve ptrace rt_sigpending rt_sigtimedwait rt_sigqueueinfo sigaltstack timer_create mq_notify",
  528: "kexec_load waitid set_robust_list get_robust_list vmsplice move_pages preadv pwritev",
  536: "rt_tgsigqueueinfo recvmmsg sendmmsg process_vm_readv process_vm_writev setsockopt getsockopt io_setup",
  544: "io_submit execveat preadv2 pwritev2",
});

/** x32: programs with 32-bit pointers on a 64-bit kernel. Kernel: arch/x86/entry/syscalls/syscall_64.tbl. */
export const X32: SyscallTable = new Map(
  [...X64]
    .filter(([name]) => !ABSENT.has(name))
    .map(([name, number]) => [name, (OWN.get(name) ?? number) + X32_BIT]),
);
