// A small init for containers that ask for one: forwards signals to its child and reaps everybody.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static _Noreturn void supervise(pid_t child, const sigset_t *all) {
  // The container's stdio must not be held open by us: whoever reads it waits for the last writer.
  close_range(0, ~0U, 0);
  for (;;) {
    siginfo_t info;
    int number = sigwaitinfo(all, &info);
    if (number < 0) continue;
    if (number != SIGCHLD) {
      kill(child, number);
      continue;
    }
    for (;;) {
      int status;
      pid_t pid = waitpid(-1, &status, WNOHANG);
      if (pid <= 0) break;
      if (pid == child) _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
  }
}

int become_init(struct machine *machine) {
  sigset_t all, before;
  sigfillset(&all);
  // Blocked signals are queued even for a process 1 without handlers (pid_namespaces(7)).
  sigprocmask(SIG_BLOCK, &all, &before);
  pid_t child = fork();
  if (child < 0) return -1;
  if (child > 0) {
    prctl(PR_SET_NAME, "init");
    // The container is up: a dead shim must not take it along any more. It has no exec to say so at.
    prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    // The container sees this process: it must not read the host's paths in our command line.
    for (char *p = machine->command_line; p < machine->command_line_end; p++) *p = 0;
    supervise(child, &all);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  return 0;
}
