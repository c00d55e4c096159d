/* TCP: bytes go from socket to pipe to socket by splice(2) and never enter this process. Sockets are watched
   edge-triggered, once and for all; after any edge both directions are pumped until neither moves. */
#define _GNU_SOURCE
#include "proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  PIPE_BYTES = 256 * 1024,
  BUDGET = 1024 * 1024, /* bytes one connection may move before the others get their turn */
  EDGES = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
};

/* One direction. It owns a pipe only while bytes are under way, so an idle connection costs two descriptors. */
struct flow {
  int pipe[2];
  size_t buffered;
  bool stalled; /* the other side takes no more for now */
  bool ended;   /* the source said end of file */
  bool shut;    /* and so was the other side told: half-close goes through */
  uint64_t *total; /* of the listener: bytes that have gone through */
};

struct connection {
  TAILQ_ENTRY(connection) of_listener, of_waiting, of_busy;
  struct source client, server;
  struct listener *listener;
  struct endpoint *endpoint; /* null while held */
  struct flow up, down;
  int64_t accepted_at, attempted_at;
  bool waiting; /* held, or connecting */
  bool busy;    /* ran out of budget */
};

TAILQ_HEAD(connections, connection);
static struct connections waiting = TAILQ_HEAD_INITIALIZER(waiting);
static struct connections busy = TAILQ_HEAD_INITIALIZER(busy);
static unsigned connection_count;
static int64_t accepting_from; /* accepting rests until then because descriptors ran out; 0: it does not */

/* Three eighths of the descriptors are clients, as many servers, an eighth is pipes; the rest is everything else. */
static unsigned most_connections(void) { return descriptor_limit / 8 * 3; }
static unsigned most_pipes(void) { return descriptor_limit / 16; }

static struct { int ends[128][2]; unsigned idle, made; } pool;

static bool pipe_take(struct flow *flow) {
  if (pool.idle > 0) {
    memcpy(flow->pipe, pool.ends[--pool.idle], sizeof flow->pipe);
    return true;
  }
  if (pool.made >= most_pipes() || pipe2(flow->pipe, O_NONBLOCK | O_CLOEXEC) < 0) {
    flow->pipe[0] = flow->pipe[1] = -1;
    return false;
  }
  fcntl(flow->pipe[1], F_SETPIPE_SZ, PIPE_BYTES); /* refused over the user's soft limit: a smaller one works, too */
  pool.made++;
  return true;
}

static void pipe_give(struct flow *flow) {
  if (flow->pipe[0] < 0) return;
  if (flow->buffered == 0 && pool.idle < sizeof pool.ends / sizeof *pool.ends) {
    memcpy(pool.ends[pool.idle++], flow->pipe, sizeof flow->pipe);
  } else {
    close(flow->pipe[0]);
    close(flow->pipe[1]);
    pool.made--;
  }
  flow->pipe[0] = flow->pipe[1] = -1;
}

static bool again(void) { return errno == EAGAIN || errno == EINTR; }

/* Without a pipe: look at what is there, send it, and take off the queue only what was sent. Nothing is kept here.
   All of these return the bytes moved, 0 for none now, -1 when the connection is broken. */
static ssize_t copy(struct flow *flow, int from, int to) {
  static char bytes[64 * 1024];
  ssize_t seen = recv(from, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
  if (seen < 0) return again() ? 0 : -1;
  if (seen == 0) {
    flow->ended = true;
    return 0;
  }
  ssize_t sent = send(to, bytes, (size_t)seen, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    flow->stalled = true;
    return again() ? 0 : -1;
  }
  *flow->total += (uint64_t)sent;
  return recv(from, bytes, (size_t)sent, MSG_TRUNC | MSG_DONTWAIT) == sent ? sent : -1;
}

static ssize_t fill(struct flow *flow, int from, int to) {
  if (flow->ended || flow->buffered >= PIPE_BYTES) return 0;
  if (flow->pipe[0] < 0 && !pipe_take(flow)) return copy(flow, from, to);
  ssize_t moved = splice(from, NULL, flow->pipe[1], NULL, PIPE_BYTES, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (moved < 0 && errno == EINVAL && flow->buffered == 0) return copy(flow, from, to);
  if (moved < 0) return again() ? 0 : -1;
  if (moved == 0) flow->ended = true;
  flow->buffered += (size_t)moved;
  return moved;
}

static ssize_t flush(struct flow *flow, int to) {
  if (flow->buffered == 0) return 0;
  ssize_t moved = splice(flow->pipe[0], NULL, to, NULL, flow->buffered, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (moved < 0) return again() ? 0 : -1;
  flow->buffered -= (size_t)moved;
  *flow->total += (uint64_t)moved;
  return moved;
}

/* Returns 0 when it has to wait for an edge, 1 when it could go on but has had its share, -1 when broken. */
static int pump(struct flow *flow, int from, int to) {
  flow->stalled = false;
  for (size_t moved = 0; moved < BUDGET;) {
    ssize_t in = fill(flow, from, to);
    ssize_t out = flush(flow, to);
    if (in < 0 || out < 0) return -1;
    if (in == 0 && out == 0) {
      if (flow->buffered > 0) flow->stalled = true;
      else pipe_give(flow);
      return 0;
    }
    moved += (size_t)(in > out ? in : out);
  }
  return 1;
}

/* Passes the end of file on, once everything before it has gone. */
static void pass_end(struct flow *flow, int to) {
  if (!flow->ended || flow->buffered > 0 || flow->shut) return;
  flow->shut = true;
  shutdown(to, SHUT_WR);
}

static void set_waiting(struct connection *connection, bool yes) {
  if (connection->waiting == yes) return;
  connection->waiting = yes;
  if (yes) TAILQ_INSERT_TAIL(&waiting, connection, of_waiting);
  else TAILQ_REMOVE(&waiting, connection, of_waiting);
}

static void set_busy(struct connection *connection, bool yes) {
  if (connection->busy == yes) return;
  connection->busy = yes;
  if (yes) TAILQ_INSERT_TAIL(&busy, connection, of_busy);
  else TAILQ_REMOVE(&busy, connection, of_busy);
}

static void leave_endpoint(struct connection *connection) {
  unwatch(&connection->server);
  if (connection->endpoint != NULL) endpoint_give(connection->listener, connection->endpoint);
  else connection->listener->held--;
  connection->endpoint = NULL;
}

static void end(struct connection *connection) {
  set_waiting(connection, false);
  set_busy(connection, false);
  leave_endpoint(connection);
  unwatch(&connection->client);
  pipe_give(&connection->up);
  pipe_give(&connection->down);
  TAILQ_REMOVE(&connection->listener->connections, connection, of_listener);
  listener_release(connection->listener);
  connection_count--;
  bury(connection);
}

/* Both peers see a reset, as each would have seen the other's. */
static void reset(struct connection *connection) {
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  setsockopt(connection->client.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  if (connection->server.fd >= 0) setsockopt(connection->server.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  end(connection);
}

/* A direction has something to do when its source has news, or when it was stalled and its target has room. */
static bool awake(const struct flow *flow, uint32_t source, uint32_t target) {
  return (source & ~(uint32_t)EPOLLOUT) || ((target & EPOLLOUT) && flow->stalled);
}

static void move(struct connection *connection, uint32_t client_events, uint32_t server_events) {
  struct flow *up = &connection->up, *down = &connection->down;
  int client = connection->client.fd, server = connection->server.fd, sent = 0, received = 0;
  if (connection->busy) client_events = server_events = EPOLLIN; /* more was to come when it last had its turn */
  if (awake(down, server_events, client_events)) sent = pump(down, server, client);
  if (awake(up, client_events, server_events)) received = pump(up, client, server);
  if (sent < 0 || received < 0 || ((client_events | server_events) & EPOLLERR)) {
    /* A server may answer, then reset because it did not read all of the request: what it said still counts. */
    pump(down, server, client);
    reset(connection);
    return;
  }
  pass_end(down, client);
  pass_end(up, server);
  if (up->shut && down->shut) end(connection);
  else set_busy(connection, sent > 0 || received > 0);
}

static void place(struct connection *connection);

static void connected_or_not(struct connection *connection, uint32_t events) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(connection->server.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    connection->listener->totals.failed++;
    endpoint_refused(connection->endpoint);
    leave_endpoint(connection);
    connection->listener->held++;
    place(connection);
  } else if (events & EPOLLOUT) {
    connection->endpoint->rest_ms = 0;
    set_waiting(connection, false);
    move(connection, EPOLLIN, EPOLLIN);
  }
}

static void server_ready(struct source *source, uint32_t events) {
  struct connection *connection = (void *)((char *)source - offsetof(struct connection, server));
  if (connection->waiting) connected_or_not(connection, events);
  else move(connection, 0, events);
}

static void client_ready(struct source *source, uint32_t events) {
  struct connection *connection = (void *)((char *)source - offsetof(struct connection, client));
  if (!connection->waiting) move(connection, events, 0);
  else if (events & (EPOLLERR | EPOLLHUP)) reset(connection); /* gone; a mere half-close is no reason */
}

static void polish(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* peers that vanished do not stay for ever */
}

/* Begins a connection to an endpoint that was taken. 0, or errno. */
static int dial(struct connection *connection, const union address *address) {
  int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  polish(fd);
  connection->server = (struct source){.fd = fd, .ready = server_ready};
  if ((connect(fd, &address->any, address_size(address)) < 0 && errno != EINPROGRESS) ||
      watch(&connection->server, EDGES) < 0) {
    int error = errno;
    unwatch(&connection->server);
    return error;
  }
  connection->attempted_at = now;
  return 0;
}

/* Finds an endpoint for a connection that is held; it stays held when there is none. */
static void place(struct connection *connection) {
  struct listener *listener = connection->listener;
  struct endpoint *endpoint;
  set_waiting(connection, true);
  while ((endpoint = endpoint_take(listener)) != NULL) {
    int error = dial(connection, &endpoint->address);
    if (error == 0) {
      connection->endpoint = endpoint;
      listener->held--;
      return;
    }
    bool ours = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    if (!ours) {
      listener->totals.failed++;
      endpoint_refused(endpoint);
    }
    endpoint_give(listener, endpoint);
    if (ours) break; /* not the endpoint's fault: the next tick tries again */
  }
  if (listener->held > HELD_MAX || listener->source.fd < 0) reset(connection);
}

static void rest_accepting(void) {
  accepting_from = now + 100;
  struct listener *listener;
  TAILQ_FOREACH(listener, &listeners, link)
    if (!listener->udp && listener->source.fd >= 0) watch(&listener->source, 0);
}

static void resume_accepting(void) {
  accepting_from = 0;
  struct listener *listener;
  TAILQ_FOREACH(listener, &listeners, link)
    if (!listener->udp && listener->source.fd >= 0) watch(&listener->source, EPOLLIN);
}

void tcp_ready(struct source *source, uint32_t events) {
  struct listener *listener = (struct listener *)source;
  (void)events;
  for (int i = 0; i < 64; i++) {
    if (connection_count >= most_connections()) return rest_accepting();
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && again()) return;
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
      return rest_accepting();
    if (fd < 0) continue; /* that one connection broke before it was accepted */
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
      close(fd);
      return rest_accepting();
    }
    polish(fd);
    connection->client = (struct source){.fd = fd, .ready = client_ready};
    connection->server.fd = -1;
    connection->up.pipe[0] = connection->up.pipe[1] = connection->down.pipe[0] = connection->down.pipe[1] = -1;
    connection->listener = listener;
    connection->up.total = &listener->totals.received;
    connection->down.total = &listener->totals.sent;
    connection->accepted_at = now;
    listener->totals.accepted++;
    connection_count++;
    listener->users++;
    listener->held++;
    TAILQ_INSERT_TAIL(&listener->connections, connection, of_listener);
    if (watch(&connection->client, EDGES) < 0) reset(connection);
    else place(connection);
  }
}

void tcp_retry_held(struct listener *listener) {
  struct connection *connection, *next;
  for (connection = TAILQ_FIRST(&waiting); connection != NULL; connection = next) {
    next = TAILQ_NEXT(connection, of_waiting);
    if (connection->endpoint == NULL && (listener == NULL || connection->listener == listener)) place(connection);
  }
}

void tcp_reset_held(struct listener *listener) {
  struct connection *connection, *next;
  for (connection = TAILQ_FIRST(&listener->connections); connection != NULL; connection = next) {
    next = TAILQ_NEXT(connection, of_listener);
    if (connection->endpoint == NULL) reset(connection);
  }
}

unsigned tcp_drop(struct listener *listener, const struct endpoint *endpoint) {
  unsigned count = 0;
  struct connection *connection, *next;
  listener->users++; /* the last of its connections must not take it away meanwhile */
  for (connection = TAILQ_FIRST(&listener->connections); connection != NULL; connection = next) {
    next = TAILQ_NEXT(connection, of_listener);
    if (connection->endpoint != endpoint) continue;
    count++;
    reset(connection);
  }
  listener_release(listener);
  return count;
}

int tcp_tick(void) {
  static int64_t last;
  if (accepting_from != 0 && accepting_from <= now) resume_accepting();
  if (TAILQ_EMPTY(&waiting)) return accepting_from != 0 ? 100 : -1;
  if (now - last < TICK_MS) return TICK_MS;
  last = now;
  struct connection *connection, *next;
  for (connection = TAILQ_FIRST(&waiting); connection != NULL; connection = next) {
    next = TAILQ_NEXT(connection, of_waiting);
    if (now - connection->accepted_at >= HOLD_MS) {
      reset(connection);
    } else if (connection->endpoint != NULL && now - connection->attempted_at >= CONNECT_MS) {
      connection->listener->totals.failed++;
      endpoint_refused(connection->endpoint); /* a silent endpoint is as good as a refusing one */
      leave_endpoint(connection);
      connection->listener->held++;
    }
  }
  tcp_retry_held(NULL);
  if (!TAILQ_EMPTY(&waiting)) return TICK_MS;
  return accepting_from != 0 ? 100 : -1; /* nobody else wakes us for those who are not accepted yet */
}

bool tcp_continue(void) {
  struct connections turn = TAILQ_HEAD_INITIALIZER(turn);
  TAILQ_CONCAT(&turn, &busy, of_busy);
  struct connection *connection;
  while ((connection = TAILQ_FIRST(&turn)) != NULL) {
    TAILQ_REMOVE(&turn, connection, of_busy);
    connection->busy = false;
    move(connection, EPOLLIN, EPOLLIN);
  }
  return !TAILQ_EMPTY(&busy);
}
