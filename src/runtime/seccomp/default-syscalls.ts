/**
 * What every container may call, whatever its arguments: docker's list (moby/profiles, seccomp/default.json of
 * May 2026), ordered by what the calls are about. Names that only some architectures have are among them.
 *
 * Not here, and so refused: keyrings (they are not namespaced), userfaultfd and io_uring (a history of kernel
 * exploits), kexec, swap, moving other processes' pages, calls long obsolete, and whatever needs a capability that
 * containers do not have by default (default-profile.ts).
 */
const BY_SUBJECT = {
  memory: `
    brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2
    mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free
    pkey_mprotect process_mrelease remap_file_pages`,
  "extended attributes": `
    fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat
    llistxattr lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat`,
  identity: `
    capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid
    getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid
    setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32
    setreuid setreuid32 setuid setuid32`,
  signals: `
    kill pause pidfd_send_signal rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
    rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signalfd signalfd4
    sigprocmask sigreturn tgkill tkill`,
  scheduling: `
    getcpu getpriority ioprio_get ioprio_set sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler
    sched_yield setpriority`,
  time: `
    adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime
    clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time
    timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64
    timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times`,
  "System V and POSIX queues": `
    ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
    mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop
    semtimedop_time64 shmat shmctl shmdt shmget`,
  sockets: `
    accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg
    recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair`,
  waiting: `
    _newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
    epoll_wait_old eventfd eventfd2 fanotify_mark futex futex_requeue futex_time64 futex_wait futex_waitv
    futex_wake get_robust_list inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel
    io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit poll ppoll ppoll_time64
    pselect6 pselect6_time64 select set_robust_list`,
  processes: `
    execve execveat exit exit_group fork get_thread_area getpgid getpgrp getpid getppid getrlimit
    getrusage getsid gettid pidfd_open prctl prlimit64 restart_syscall rseq set_thread_area
    set_tid_address setpgid setrlimit setsid ugetrlimit uretprobe vfork wait4 waitid waitpid`,
  "confinement of oneself": `
    landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp`,
  system: `
    getrandom sysinfo umask uname`,
  status: `
    access faccessat faccessat2 fstat fstat64 fstatat64 fstatfs fstatfs64 listmount lstat lstat64
    newfstatat stat stat64 statfs statfs64 statmount statx`,
  "owner and mode": `
    chmod chown chown32 fchmod fchmodat fchmodat2 fchown fchown32 fchownat futimesat lchown lchown32 utime
    utimensat utimensat_time64 utimes`,
  "folders and links": `
    chdir fchdir getcwd getdents getdents64 link linkat mkdir mkdirat mknod mknodat name_to_handle_at
    readlink readlinkat rename renameat renameat2 rmdir symlink symlinkat unlink unlinkat`,
  files: `
    _llseek close close_range copy_file_range creat dup dup2 dup3 fadvise64 fadvise64_64 fallocate fcntl
    fcntl64 fdatasync flock fsync ftruncate ftruncate64 ioctl lseek open openat openat2 pipe pipe2 pread64
    preadv preadv2 pwrite64 pwritev pwritev2 read readahead readv sendfile sendfile64 splice sync
    sync_file_range syncfs tee truncate truncate64 vmsplice write writev`,
} as const;

export const ALWAYS_ALLOWED: readonly string[] = Object.values(BY_SUBJECT).flatMap((names) =>
  names.trim().split(/\s+/),
);
