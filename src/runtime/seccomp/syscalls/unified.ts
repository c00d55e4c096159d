/**
 * Since Linux 5.1 a new system call has the same number on every architecture.
 * Kernel: scripts/syscall.tbl.
 */
export const UNIFIED: Readonly<Record<number, string>> = {
  424: "pidfd_send_signal io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig",
  432: "fsmount fspick pidfd_open clone3 close_range openat2 pidfd_getfd faccessat2",
  440: "process_madvise epoll_pwait2 mount_setattr quotactl_fd landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret",
  448: "process_mrelease futex_waitv set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack futex_wake futex_wait",
  456: "futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat",
  464: "getxattrat listxattrat removexattrat open_tree_attr file_getattr file_setattr listns rseq_slice_yield",
};
