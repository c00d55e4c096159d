/* gantry-proxy --socket PATH: forwards TCP and UDP ports to the endpoints it is told over a unix socket.
   It outlives the daemon: the table stays until somebody changes it. docs/network.md has the protocol. */
#define _GNU_SOURCE
#include "proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

int64_t now;
unsigned descriptor_limit;
static int epoll_fd = -1;
static bool draining;
static int lock_fd = -1;

static struct { void **objects; size_t count, room; } graveyard;

void bury(void *object) {
  if (graveyard.count == graveyard.room) {
    size_t room = graveyard.room ? graveyard.room * 2 : 256;
    void **objects = realloc(graveyard.objects, room * sizeof *objects);
    if (objects == NULL) return; /* a leak is better than a stale pointer */
    graveyard.objects = objects;
    graveyard.room = room;
  }
  graveyard.objects[graveyard.count++] = object;
}

int watch(struct source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = source};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, source->fd, &event) == 0) return 0;
  return errno == EEXIST ? epoll_ctl(epoll_fd, EPOLL_CTL_MOD, source->fd, &event) : -1;
}

void unwatch(struct source *source) {
  if (source->fd >= 0) close(source->fd); /* no other process holds it, so epoll forgets it, too */
  source->fd = -1;
  source->ready = NULL;
}

static void signalled(struct source *source, uint32_t events) {
  (void)events;
  struct signalfd_siginfo info;
  if (read(source->fd, &info, sizeof info) != sizeof info) return;
  if (draining) _exit(0); /* asked twice: do not wait for the connections */
  draining = true;
  control_close();
  close(lock_fd); /* a successor may start while this one finishes its connections */
  struct listener *listener = TAILQ_FIRST(&listeners);
  while (listener != NULL) {
    struct listener *next = TAILQ_NEXT(listener, link);
    if (listener->source.fd >= 0) listener_close(listener);
    listener = next;
  }
}

static int soonest(int a, int b) { return a < 0 ? b : b < 0 || a < b ? a : b; }

static void read_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  now = (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Nothing to serve, and nobody to say otherwise: the next daemon starts another. */
static bool needless(void) { return TAILQ_EMPTY(&listeners) && (draining || control_deserted()); }

static int run(void) {
  while (!needless()) {
    int timeout = soonest(tcp_tick(), udp_tick());
    if (tcp_continue()) timeout = 0;
    struct epoll_event events[256];
    int count = epoll_wait(epoll_fd, events, 256, timeout);
    if (count < 0 && errno != EINTR) return 1;
    read_clock();
    for (int i = 0; i < count; i++) {
      struct source *source = events[i].data.ptr;
      if (source->ready != NULL) source->ready(source, events[i].events);
    }
    while (graveyard.count > 0) free(graveyard.objects[--graveyard.count]);
  }
  return 0;
}

/* One proxy per socket: the lock is held as long as it can be asked something, so whoever has it may replace a
   stale socket. */
static bool lock(const char *socket) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s.lock", socket) >= (int)sizeof path) return false;
  lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  return lock_fd >= 0 && flock(lock_fd, LOCK_EX | LOCK_NB) == 0;
}

int main(int count, char **arguments) {
  if (count != 3 || strcmp(arguments[1], "--socket") != 0) {
    fputs("usage: gantry-proxy --socket PATH\n", stderr);
    return 2;
  }
  const char *path = arguments[2];
  close_range(3, ~0U, 0);
  (void)setsid(); /* fails for a group leader, who has a session of its own already or a terminal that wants it */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);

  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  descriptor_limit = limit.rlim_cur > 1U << 20 ? 1U << 20 : (unsigned)limit.rlim_cur;

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  static struct source signal_source = {.ready = signalled};
  signal_source.fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0 || signal_source.fd < 0 || watch(&signal_source, EPOLLIN) < 0) {
    perror("gantry-proxy");
    return 1;
  }
  if (!lock(path)) {
    fprintf(stderr, "gantry-proxy: another one serves %s\n", path);
    return 3;
  }
  if (control_open(path) < 0) {
    fprintf(stderr, "gantry-proxy: %s: %s\n", path, strerror(errno));
    return 1;
  }
  if (chdir("/") < 0) return 1;
  read_clock();
  return run();
}
