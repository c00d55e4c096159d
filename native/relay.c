// The relay between a process's pipes or terminal and the connection that asked for it. Towards the client it blocks:
// a slow reader slows the process down and nobody else. Towards the process it never does: one that writes before it
// reads on would wait for us for ever.
#define _GNU_SOURCE
#include "session.h"
#include "interpreter.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_now(int *fd) {
  close_quietly(fd);
  *fd = -1;
}

// Without a client the output is read all the same: the process goes on, as with docker.
static void relay_output(struct session *session, int stream) {
  char buffer[16384];
  int *fd = &session->output[stream - 1];
  ssize_t n = read(*fd, buffer, sizeof buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return close_now(fd); // a terminal says EIO once nobody has its other side open
  uint32_t tag = stream == 1 ? SESSION_STDOUT : SESSION_STDERR;
  if (session->client && send_frame(session->connection, tag, buffer, (size_t)n)) session->client = false;
}

static void end_input(struct session *session) {
  free(session->waiting);
  session->waiting = NULL;
  // A terminal has no end: its user types one. Closing it would hang it up.
  if (!session->terminal) close_now(&session->input);
}

static void write_input(struct session *session) {
  ssize_t n = write(session->input, session->waiting + session->waiting_from, session->waiting_to - session->waiting_from);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) return end_input(session);
  session->waiting_from += (uint32_t)n;
  if (session->waiting_from < session->waiting_to) return;
  free(session->waiting);
  session->waiting = NULL;
}

static void take_request(struct session *session) {
  uint32_t tag, length, numbers[2];
  AUTO_FREE uint8_t *payload = receive_frame(session->connection, &tag, &length, 1 << 20);
  if (!payload) {
    session->client = false;
    return end_input(session);
  }
  if (tag == SESSION_SIGNAL && length == 4) {
    memcpy(numbers, payload, 4);
    // With what it has started: a child that is left behind would hold the pipes open. It leads a group of its own.
    if (kill(-session->pid, (int)numbers[0])) kill(session->pid, (int)numbers[0]);
  } else if (tag == SESSION_RESIZE && length == 8 && session->terminal) {
    memcpy(numbers, payload, 8);
    resize_terminal(session->output[0], numbers[0], numbers[1]);
  } else if (tag == SESSION_STDIN && session->input >= 0) {
    if (!length) return end_input(session);
    session->waiting = payload;
    session->waiting_from = 0;
    session->waiting_to = length;
    payload = NULL;
  }
}

int relay(struct session *session) {
  int status = 0;
  bool running = true;
  while (running || session->output[0] >= 0 || session->output[1] >= 0) {
    bool listening = session->client && !session->waiting;
    struct pollfd pollers[5] = {
        {.fd = running ? session->signals : -1, .events = POLLIN},
        {.fd = listening ? session->connection : -1, .events = POLLIN},
        {.fd = session->output[0], .events = POLLIN},
        {.fd = session->output[1], .events = POLLIN},
        {.fd = session->waiting ? session->input : -1, .events = POLLOUT},
    };
    if (poll(pollers, 5, -1) < 0) continue;
    for (int stream = 1; stream <= 2; stream++)
      if (pollers[stream + 1].revents) relay_output(session, stream);
    if (pollers[1].revents) take_request(session);
    else if (pollers[4].revents) write_input(session);
    if (pollers[0].revents) {
      struct signalfd_siginfo ignored;
      while (read(session->signals, &ignored, sizeof ignored) > 0) continue;
      if (waitpid(session->pid, &status, WNOHANG) == session->pid) running = false;
    }
    // A grandchild may hold the output for ever: what is there is read, then the process's end is the end.
    if (!running && poll(pollers + 2, 2, 0) <= 0) break;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
