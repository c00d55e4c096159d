// Clones the process a plan is about and walks both sides through their operations.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void run_child(struct machine *machine, const struct plan *plan, uint32_t from, uint32_t to,
                                const int stdio[3]) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // Until exec nobody in the container may look into this process: it still is the launcher.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  // A session of its own: kill(0, ...) inside must not reach the shim, whose process group this still is.
  setsid();
  for (int i = 0; i < 3; i++) dup2(stdio[i], i);
  struct failure failure = {0};
  if (control_terminal(machine)) failure = (struct failure){from, errno, "terminal"};
  else if (!run_operations(machine, plan, from, to, &failure)) failure = (struct failure){to, ENOEXEC, "plan without exec"};
  if (write(machine->status, &failure, sizeof failure) < 0) _exit(126);
  _exit(125);
}

// Closes all that is not the program's to come, but for the line on which we tell of failure; of an OCI bundle also what
// waits for its start, and who is to be told of its filter. They go right behind what the program is to have.
int let_go(struct machine *machine) {
  char digits[16] = "";
  if (machine->slots[SLOT_AGENT] >= 0 && machine->slots[0] >= 0 &&
      readlinkat(machine->slots[0], "self", digits, sizeof digits - 1) > 0)
    machine->own_pid = atoi(digits);
  int *kept[] = {&machine->status, &machine->listener, &machine->slots[SLOT_AGENT]};
  enum { KEPT = sizeof kept / sizeof kept[0] };
  int line = STDERR_FILENO + 1 + machine->preserved, copies[KEPT];
  for (int i = 0; i < KEPT; i++) // first all above, so that none is written over
    if ((copies[i] = *kept[i] < 0 ? -1 : fcntl(*kept[i], F_DUPFD_CLOEXEC, line + KEPT)) < 0 && *kept[i] >= 0) return -1;
  for (int i = 0; i < SLOT_COUNT; i++) machine->slots[i] = -1;
  machine->root = -1; // it is / by now
  for (int i = 0; i < KEPT; i++) {
    if (copies[i] < 0) continue;
    if (dup3(copies[i], line, O_CLOEXEC) < 0) return -1;
    *kept[i] = line++;
  }
  return close_range((unsigned)line, ~0U, 0);
}

static int write_map(struct machine *machine, const char *file, const char *map) {
  return *map ? write_of_child(machine, file, map, strlen(map)) : 0;
}

static pid_t clone_process(struct machine *machine, const struct operation *operation) {
  struct clone_args arguments = {
      .flags = (uint64_t)integer(operation, 0),
      .exit_signal = SIGCHLD,
  };
  int64_t cgroup = integer(operation, 1);
  if (cgroup >= 0) {
    int fd = slot(machine, cgroup);
    if (fd < 0) return -1;
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (uint64_t)fd;
  }
  return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

static void fail(struct failure *failure, uint32_t operation, const char *about) {
  *failure = (struct failure){.operation = operation, .error = errno};
  snprintf(failure->about, sizeof failure->about, "%s", about);
}

pid_t carry_out(struct machine *machine, const struct plan *plan, uint32_t from, const int stdio[3],
                struct failure *failure) {
  uint32_t clone_at = find_operation(plan, from, OP_CLONE), child_at = find_operation(plan, clone_at, OP_CHILD),
           exit_at = find_operation(plan, child_at, OP_EXIT);
  if (child_at >= plan->count) {
    errno = EINVAL;
    fail(failure, 0, "plan without clone and child");
    return -1;
  }
  memcpy(machine->stdio, stdio, sizeof machine->stdio);
  if (run_operations(machine, plan, from, clone_at, failure)) return -1;
  AUTO_CLOSE int status = -1;
  int up[2], down[2], report[2];
  if (use_mounts(machine, false) || pipe2(up, O_CLOEXEC) || pipe2(down, O_CLOEXEC) || pipe2(report, O_CLOEXEC)) {
    fail(failure, clone_at, "pipe");
    return -1; // this process ends with its plan: nothing to close
  }
  const struct operation *clone = &plan->operations[clone_at];
  machine->child = clone_process(machine, clone);
  if (machine->child < 0) {
    fail(failure, clone_at, "clone");
    return -1;
  }
  if (machine->child == 0) {
    close(up[0]), close(down[1]), close(report[0]);
    machine->wake = up[1];
    machine->await = down[0];
    machine->status = report[1];
    run_child(machine, plan, child_at + 1, exit_at, stdio);
  }
  close(up[1]), close(down[0]), close(report[1]);
  machine->wake = down[1];
  machine->await = up[0];
  status = report[0];

  int broken = 0;
  if (write_map(machine, "uid_map", text(clone, 2)) || write_map(machine, "gid_map", text(clone, 3))) {
    fail(failure, clone_at, "id map");
    broken = 1;
  }
  if (!broken) broken = run_operations(machine, plan, clone_at + 1, child_at, failure);
  use_mounts(machine, false);
  close(machine->wake);
  struct failure theirs;
  // The child's own story is the better one, unless it only tells that we gave up.
  if (broken && failure->error != ECANCELED) kill(machine->child, SIGKILL);
  if (!read_full(status, &theirs, sizeof theirs)) {
    if (!broken || failure->error == ECANCELED) *failure = theirs;
    broken = 1;
  } else if (!broken && errno) {
    fail(failure, child_at, "status pipe");
    broken = 1;
  }
  close(machine->await);
  if (broken) {
    kill(machine->child, SIGKILL);
    waitpid(machine->child, NULL, __WALL);
    return -1;
  }
  return machine->child;
}
