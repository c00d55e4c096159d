// A process inside a running container, and the relay between its pipes and the connection that asked for it.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct session {
  int connection, signals, input, output[2];
  pid_t pid;
};

static _Noreturn void give_up(int connection, const struct failure *failure) {
  send_frame(connection, SESSION_FAILED, failure, sizeof *failure);
  _exit(1);
}

// Blocking towards the client: a slow reader slows the process down and nobody else.
static void relay_output(struct session *session, int stream) {
  char buffer[16384];
  int *fd = &session->output[stream - 1];
  ssize_t n = read(*fd, buffer, sizeof buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0 && !send_frame(session->connection, stream == 1 ? SESSION_STDOUT : SESSION_STDERR, buffer, (size_t)n)) return;
  close_quietly(fd);
  *fd = -1;
}

// False once the client is gone.
static bool take_request(struct session *session) {
  uint32_t tag, length;
  AUTO_FREE uint8_t *payload = receive_frame(session->connection, &tag, &length, 1 << 20);
  if (!payload) return false;
  if (tag == SESSION_SIGNAL && length == 4) {
    uint32_t number;
    memcpy(&number, payload, sizeof number);
    kill(session->pid, (int)number);
  } else if (tag == SESSION_STDIN && session->input >= 0) {
    if (!length || write_full(session->input, payload, length)) {
      close_quietly(&session->input);
      session->input = -1;
    }
  }
  return true;
}

static int relay(struct session *session) {
  int status = 0;
  bool running = true, client = true;
  while (running || session->output[0] >= 0 || session->output[1] >= 0) {
    struct pollfd pollers[4] = {
        {.fd = running ? session->signals : -1, .events = POLLIN},
        {.fd = client ? session->connection : -1, .events = POLLIN},
        {.fd = session->output[0], .events = POLLIN},
        {.fd = session->output[1], .events = POLLIN},
    };
    if (poll(pollers, 4, -1) < 0) continue;
    for (int stream = 1; stream <= 2; stream++)
      if (pollers[stream + 1].revents) relay_output(session, stream);
    if (pollers[1].revents && !take_request(session)) {
      client = false;
      // Nobody listens any more: as with docker, the process itself goes on with its input ended.
      if (session->input >= 0) close(session->input);
      session->input = -1;
    }
    if (pollers[0].revents) {
      struct signalfd_siginfo ignored;
      while (read(session->signals, &ignored, sizeof ignored) > 0) continue;
      if (waitpid(session->pid, &status, WNOHANG) == session->pid) running = false;
    }
    // A grandchild may hold the pipes for ever: what is there is read, then the process's end is the end.
    if (!running && poll(pollers + 2, 2, 0) <= 0) break;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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
  struct session session = {.connection = connection};
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  session.signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK); // all are blocked, as in the shim
  int pipes[3][2];
  for (int i = 0; i < 3; i++)
    if (pipe2(pipes[i], O_CLOEXEC)) give_up(connection, &failure);
  machine->null_stdin = false;
  int stdio[3] = {pipes[0][0], pipes[1][1], pipes[2][1]};
  session.pid = carry_out(machine, &plan, 0, stdio, &failure);
  if (session.pid < 0) give_up(connection, &failure);
  for (int i = 0; i < 3; i++) close(stdio[i]);
  session.input = pipes[0][1];
  session.output[0] = pipes[1][0];
  session.output[1] = pipes[2][0];
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
