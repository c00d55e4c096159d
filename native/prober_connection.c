// One connection from inside a container: made, written to, read from.
#define _GNU_SOURCE
#include "prober.h"
#include "start_time.h"
#include "wire.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define DRAIN_LIMIT (64 * 1024)

// A socket belongs to the network namespace it was made in for good: we are there only to make it.
static int socket_in(int own_network, const struct probe_request *request) {
  AUTO_CLOSE int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  AUTO_CLOSE int process = request->pid > 0 ? (int)syscall(SYS_pidfd_open, request->pid, 0) : -1;
  if (proc < 0 || process < 0) return -1;
  if (start_time_in(proc, (pid_t)request->pid) != request->start_time) return errno = ESRCH, -1;
  if (setns(process, CLONE_NEWNET)) return -1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int error = errno;
  if (setns(own_network, CLONE_NEWNET)) _exit(1); // lost: the next daemon's question starts another
  errno = error;
  return fd;
}

int probe_begin(struct probe *probe, int own_network, const struct probe_request *request) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)request->port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  probe->fd = socket_in(own_network, request);
  if (probe->fd < 0) return errno;
  if (!connect(probe->fd, (struct sockaddr *)&address, sizeof address) || errno == EINPROGRESS) return 0;
  int error = errno;
  probe_close(probe);
  return error;
}

void probe_close(struct probe *probe) {
  close_quietly(&probe->fd);
  probe->fd = -1;
  free(probe->request);
  probe->request = NULL;
}

short probe_events(const struct probe *probe) { return probe->state <= PROBE_SENDING ? POLLOUT : POLLIN; }

static bool head_is_whole(const struct probe *probe) {
  return memmem(probe->response, probe->received, "\r\n\r\n", 4) || memmem(probe->response, probe->received, "\n\n", 2);
}

// What comes after the answer is taken from the server's hands, so that it is not met with a reset.
static bool drain(struct probe *probe) {
  char ignored[4096];
  ssize_t n;
  while ((n = recv(probe->fd, ignored, sizeof ignored, 0)) > 0 && probe->drained < DRAIN_LIMIT) probe->drained += (size_t)n;
  if (n >= 0 || (errno != EAGAIN && errno != EINTR)) probe_close(probe);
  return false;
}

static bool take(struct probe *probe, int *error) {
  while (probe->received < PROBE_KEPT) {
    ssize_t n = recv(probe->fd, probe->response + probe->received, PROBE_KEPT - probe->received, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN && !head_is_whole(probe)) return false;
    if (n < 0 && errno != EAGAIN) *error = errno;
    if (n <= 0) break;
    probe->received += (size_t)n;
  }
  probe->state = PROBE_DRAINING;
  return true;
}

bool probe_advance(struct probe *probe, int *error) {
  if (probe->state == PROBE_DRAINING) return drain(probe);
  if (probe->state == PROBE_READING) return take(probe, error);
  if (probe->state == PROBE_CONNECTING) {
    socklen_t size = sizeof *error;
    if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, error, &size)) *error = errno;
    probe->state = probe->length > 0 ? PROBE_SENDING : PROBE_DRAINING;
    if (*error || probe->length == 0) return true;
  }
  const uint8_t *bytes = probe->request + sizeof(struct probe_request);
  while (probe->sent < probe->length) {
    ssize_t n = send(probe->fd, bytes + probe->sent, probe->length - probe->sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return false;
    if (n < 0) return *error = errno, true;
    probe->sent += (size_t)n;
  }
  probe->state = PROBE_READING;
  return false;
}
