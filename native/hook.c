// Hooks of OCI bundles (runtime-spec config.md "POSIX-platform Hooks"): programs that are told the container's state.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PID_WIDTH 10
#define OUTPUT_LIMIT 4096

char *with_pid(const struct argument *text, pid_t pid) {
  static const char room[] = "\"pid\":          "; // no string of JSON holds that: its quotes would be escaped
  char *copy = malloc(text->length + 1);
  if (!copy) return NULL;
  memcpy(copy, text->data, text->length + 1); // an argument is always followed by a NUL
  char digits[PID_WIDTH + 1];
  snprintf(digits, sizeof digits, "%-*d", PID_WIDTH, pid);
  for (char *at = copy; (at = strstr(at, room)); at += sizeof room - 1)
    memcpy(at + sizeof room - 1 - PID_WIDTH, digits, PID_WIDTH);
  return copy;
}

static char **strings(const struct argument *run) {
  size_t count = 0;
  for (uint32_t i = 0; i < run->length; i++) count += !run->data[i];
  char **list = calloc(count + 1, sizeof *list);
  const char *at = (const char *)run->data;
  for (size_t i = 0; list && i < count; i++, at += strlen(at) + 1) list[i] = (char *)at;
  return list;
}

static _Noreturn void run_program(char **argv, char **environment, int in, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // Not the first of these is the program's name: a hook's path stands before its arguments.
  if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0) _exit(126);
  syscall(SYS_close_range, 3, ~0U, 0);
  execve(argv[0], argv[1] ? argv + 1 : argv, environment);
  dprintf(STDERR_FILENO, "%s", strerror(errno));
  _exit(127);
}

// What the hook says is read until it ends, or its time does; in seconds, 0 is for ever.
static int attend(pid_t pid, int out, int64_t seconds, char said[OUTPUT_LIMIT]) {
  AUTO_CLOSE int process = (int)syscall(SYS_pidfd_open, pid, 0);
  size_t length = 0;
  bool late = false;
  for (;;) {
    struct pollfd pollers[2] = {{.fd = process, .events = POLLIN}, {.fd = out, .events = POLLIN}};
    int n = poll(pollers, 2, seconds > 0 ? (int)(seconds > 86400 ? 86400 : seconds) * 1000 : -1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      late = true;
      kill(pid, SIGKILL);
      break;
    }
    char more[1024];
    ssize_t got = pollers[1].revents ? read(out, more, sizeof more) : -1;
    if (got == 0) out = -1; // closed its output, and may go on
    for (ssize_t i = 0; i < got && length < OUTPUT_LIMIT - 1; i++) said[length++] = more[i];
    if (pollers[0].revents && !(pollers[1].revents & POLLIN)) break;
  }
  said[length] = 0;
  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return late ? -2 : status;
}

// How it ended goes with the failure; what it said goes to our standard error, that of whoever asked for the container.
static void complain(char remark[64], const char *path, int status, const char *said) {
  if (status == -2) strcpy(remark, "it took longer than its timeout");
  else if (WIFSIGNALED(status)) {
    snprintf(remark, 64, "signal: %s", strsignal(WTERMSIG(status)));
    for (char *letter = remark; *letter; letter++) // as Go words it
      if (*letter >= 'A' && *letter <= 'Z') *letter = (char)(*letter - 'A' + 'a');
  } else snprintf(remark, 64, "exit status %d", WEXITSTATUS(status));
  if (*said) dprintf(STDERR_FILENO, "hook %s: %s\n", path, said);
}

// OP_HOOK. Its first string is the program's path, the others are its arguments.
int run_hook(struct machine *machine, const struct operation *operation) {
  // Its parent knows it by the host's number, and the child by its own: each hook by that of where it runs.
  pid_t subject = machine->child > 0 ? machine->child : getpid();
  AUTO_FREE char *state = with_pid(&operation->arguments[2], subject);
  AUTO_FREE char **argv = strings(&operation->arguments[0]), **environment = strings(&operation->arguments[1]);
  int in[2], out[2];
  if (!state || !argv || !environment || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) return -1;
  // A hook that does not read its state must not hold us up: the pipe takes all of it at once.
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  fcntl(in[1], F_SETPIPE_SZ, (int)(strlen(state) + 1));
  bool written = write(in[1], state, strlen(state)) == (ssize_t)strlen(state);
  close(in[1]);
  pid_t pid = written ? fork() : -1;
  if (pid == 0) {
    if (machine->root >= 0 && fchdir(machine->root)) _exit(126);
    run_program(argv, environment, in[0], out[1]);
  }
  close(in[0]), close(out[1]);
  char said[OUTPUT_LIMIT];
  int status = pid < 0 ? -1 : attend(pid, out[0], integer(operation, 3), said);
  close(out[0]);
  if (status == 0) return 0;
  if (status != -1) complain(machine->remark, argv[0], status, said);
  return errno = status == -1 ? errno : status == -2 ? ETIMEDOUT : ECHILD, -1;
}
