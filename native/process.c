// Other containers' processes: found for good by pid and start time, joined by descriptor.
#define _GNU_SOURCE
#include "interpreter.h"
#include "start_time.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

unsigned long long start_time_of(struct machine *machine, pid_t pid) { return start_time_in(slot(machine, 0), pid); }

// The descriptor comes first: once it is held the number cannot go to another process unnoticed.
int open_process(struct machine *machine, int64_t to, pid_t pid, unsigned long long start_time) {
  int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : (errno = ESRCH, -1);
  if (fd < 0) return -1;
  if (start_time_of(machine, pid) != start_time) {
    close(fd);
    return errno = ESRCH, -1;
  }
  return set_slot(machine, to, fd);
}

// Into some namespaces of a process in a slot; for slot -1 back into this process's own pid namespace.
int join_process(struct machine *machine, int64_t number, int flags) {
  if (number >= 0) {
    int process = slot(machine, number);
    return process < 0 ? -1 : setns(process, flags);
  }
  AUTO_CLOSE int own = openat(slot(machine, 0), "self/ns/pid", O_RDONLY | O_CLOEXEC);
  return own < 0 ? -1 : setns(own, CLONE_NEWPID);
}

// A copy of a mount as a process in a slot sees it: its root bounds the path.
int tree_of(struct machine *machine, int64_t to, int64_t number, const char *path) {
  int process = slot(machine, number);
  if (process < 0 || setns(process, CLONE_NEWNS)) return -1;
  int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  int error = errno;
  machine->in_host_mounts = false;
  if (setns(machine->own_mounts, CLONE_NEWNS)) {
    if (tree >= 0) close(tree);
    return -1;
  }
  return tree < 0 ? (errno = error, -1) : set_slot(machine, to, tree);
}

static int kill_listed(int folder, const char *path) {
  int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
  if (!file) return errno == ENOENT ? 0 : -1;
  int killed = 0;
  for (int pid; fscanf(file, "%d", &pid) == 1;)
    if (pid > 0 && !kill(pid, SIGKILL)) killed++;
  fclose(file);
  return killed;
}

// Kills what a cgroup.procs file lists until it lists nothing; a process may fork while we look.
int kill_all(int folder, const char *path) {
  for (int tries = 0; folder >= 0 && tries < 200; tries++) {
    int killed = kill_listed(folder, path);
    if (killed <= 0) return killed;
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  }
  return errno = EBUSY, -1;
}
