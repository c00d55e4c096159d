// A process inside a running container: opens it, with pipes or a terminal, and relays it to who asked for it.
#define _GNU_SOURCE
#include "session.h"
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

static _Noreturn void give_up(int connection, const struct failure *failure) {
  send_frame(connection, SESSION_FAILED, failure, sizeof *failure);
  _exit(1);
}

static int open_pipes(int stdio[3], struct session *session) {
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return -1;
  stdio[0] = in[0], stdio[1] = out[1], stdio[2] = err[1];
  session->input = in[1];
  session->output[0] = out[0], session->output[1] = err[0];
  return 0;
}

// The child has its stdio: from here on only the session's own ends are open.
static int keep_own_ends(struct machine *machine, const int stdio[3], struct session *session) {
  for (int i = 0; i < 3; i++) close(stdio[i]);
  if (machine->master >= 0) {
    close(machine->terminal);
    for (int i = 0; i < 2; i++) close_quietly(&session->output[i]);
    close_quietly(&session->input);
    session->terminal = true;
    session->input = dup(machine->master); // each is closed on its own
    session->output[0] = machine->master;
    session->output[1] = -1;
  }
  return fcntl(session->input, F_SETFL, O_NONBLOCK);
}

_Noreturn void run_session(struct machine *machine, const uint8_t *bytes, uint32_t length, int connection) {
  static struct plan plan;
  struct failure failure = {.error = EINVAL};
  prctl(PR_SET_NAME, "gantry-session");
  struct timeval none = {0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
  const char *malformed = plan_decode(bytes, length, &plan);
  if (malformed) {
    strncpy(failure.about, malformed, sizeof failure.about - 1);
    give_up(connection, &failure);
  }
  struct session session = {.connection = connection, .client = true};
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  session.signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK); // all are blocked, as in the shim
  int stdio[3];
  machine->null_stdin = false;
  machine->terminal = machine->master = -1; // the container's own terminal is not this process's
  if (open_pipes(stdio, &session)) give_up(connection, &failure);
  session.pid = carry_out(machine, &plan, 0, stdio, &failure);
  if (session.pid < 0) give_up(connection, &failure);
  keep_own_ends(machine, stdio, &session);
  uint32_t pid = (uint32_t)session.pid;
  send_frame(connection, SESSION_STARTED, &pid, sizeof pid);
  uint32_t code = (uint32_t)relay(&session);
  send_frame(connection, SESSION_EXIT, &code, sizeof code);
  // Closing with input unread would reset the connection and could cost the client the frame just sent.
  shutdown(connection, SHUT_WR);
  struct timeval patience = {.tv_sec = 2};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char ignored[4096];
  while (read(connection, ignored, sizeof ignored) > 0) continue;
  _exit(0);
}
