/* The table: listeners, the endpoints of each, and which endpoint is next. */
#define _GNU_SOURCE
#include "proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct listeners listeners = TAILQ_HEAD_INITIALIZER(listeners);
static uint64_t turns;

socklen_t address_size(const union address *address) {
  return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

bool address_equal(const union address *a, const union address *b) {
  if (a->any.sa_family != b->any.sa_family) return false;
  if (a->any.sa_family == AF_INET)
    return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
  return a->v6.sin6_port == b->v6.sin6_port && a->v6.sin6_scope_id == b->v6.sin6_scope_id &&
         memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

static in_port_t *port_of(union address *address) {
  return address->any.sa_family == AF_INET ? &address->v4.sin_port : &address->v6.sin6_port;
}

/* Asking again for what is there is fine: the same address, and the same port or any. */
static bool serves(const struct listener *listener, bool udp, const union address *address) {
  union address theirs = *address, ours = listener->wanted;
  in_port_t port = *port_of(&theirs);
  *port_of(&theirs) = *port_of(&ours) = 0;
  return listener->udp == udp && address_equal(&ours, &theirs) && (port == 0 || ntohs(port) == listener->port);
}

static int bound_socket(bool udp, union address *address) {
  bool v6 = address->any.sa_family == AF_INET6;
  int fd = socket(address->any.sa_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int on = 1;
  socklen_t size = sizeof *address;
  /* SO_REUSEADDR lets TCP bind beside connections in TIME_WAIT; for UDP it would let two programs share the port. */
  if ((udp || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0) &&
      (!v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
      (!udp || udp_prepare(fd, v6) == 0) && bind(fd, &address->any, address_size(address)) == 0 &&
      (udp || listen(fd, BACKLOG) == 0) && getsockname(fd, &address->any, &size) == 0)
    return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

int listener_open(const char *id, bool udp, const union address *address, struct listener **made) {
  struct listener *listener = listener_find(id);
  if (listener != NULL) {
    *made = listener;
    return serves(listener, udp, address) ? 0 : EEXIST;
  }
  union address bound = *address;
  int fd = bound_socket(udp, &bound);
  if (fd < 0) return errno;
  listener = calloc(1, sizeof *listener);
  if (listener == NULL) {
    close(fd);
    return ENOMEM;
  }
  listener->source = (struct source){.fd = fd, .ready = udp ? udp_ready : tcp_ready};
  TAILQ_INIT(&listener->endpoints);
  TAILQ_INIT(&listener->connections);
  snprintf(listener->id, sizeof listener->id, "%s", id);
  listener->udp = udp;
  listener->wanted = *address;
  listener->port = ntohs(*port_of(&bound));
  if (watch(&listener->source, EPOLLIN) < 0) {
    int error = errno;
    close(fd);
    free(listener);
    return error;
  }
  TAILQ_INSERT_TAIL(&listeners, listener, link);
  *made = listener;
  return 0;
}

/* Only open ones: a closed listener finishes its connections, but its id is free again. */
struct listener *listener_find(const char *id) {
  struct listener *listener;
  TAILQ_FOREACH(listener, &listeners, link)
    if (listener->source.fd >= 0 && strcmp(listener->id, id) == 0) return listener;
  return NULL;
}

static void listener_free_unused(struct listener *listener) {
  if (listener->source.fd >= 0 || listener->users > 0) return;
  TAILQ_REMOVE(&listeners, listener, link);
  struct endpoint *endpoint;
  while ((endpoint = TAILQ_FIRST(&listener->endpoints)) != NULL) {
    TAILQ_REMOVE(&listener->endpoints, endpoint, link);
    free(endpoint);
  }
  bury(listener);
}

void listener_release(struct listener *listener) {
  listener->users--;
  listener_free_unused(listener);
}

void listener_close(struct listener *listener) {
  listener->users++; /* what follows may end its last connection */
  if (listener->udp) udp_drop(listener, NULL); /* replies leave through the listening socket */
  unwatch(&listener->source);
  tcp_reset_held(listener);
  listener_release(listener);
}

struct endpoint *endpoint_find(struct listener *listener, const union address *address) {
  struct endpoint *endpoint;
  TAILQ_FOREACH(endpoint, &listener->endpoints, link)
    if (address_equal(&endpoint->address, address)) return endpoint;
  return NULL;
}

static void endpoint_free_unused(struct listener *listener, struct endpoint *endpoint) {
  if (!endpoint->leaving || endpoint->connections > 0) return;
  TAILQ_REMOVE(&listener->endpoints, endpoint, link);
  free(endpoint);
}

void listener_set_endpoints(struct listener *listener, const union address *addresses, size_t count) {
  struct endpoint *endpoint, *next;
  TAILQ_FOREACH(endpoint, &listener->endpoints, link) endpoint->leaving = true;
  for (size_t i = 0; i < count; i++) {
    endpoint = endpoint_find(listener, &addresses[i]);
    if (endpoint == NULL && (endpoint = calloc(1, sizeof *endpoint)) != NULL) {
      endpoint->address = addresses[i];
      TAILQ_INSERT_TAIL(&listener->endpoints, endpoint, link);
    }
    if (endpoint == NULL) continue;
    endpoint->leaving = false;
    endpoint->rest_until = 0; /* somebody says it is there: believe it at once */
    endpoint->rest_ms = 0;
  }
  for (endpoint = TAILQ_FIRST(&listener->endpoints); endpoint != NULL; endpoint = next) {
    next = TAILQ_NEXT(endpoint, link);
    endpoint_free_unused(listener, endpoint);
  }
  if (!listener->udp) tcp_retry_held(listener);
}

/* Fewest connections first; among equals the one whose last turn is longest ago, so that requests one after
   another visit the replicas in turn. */
struct endpoint *endpoint_take(struct listener *listener) {
  struct endpoint *endpoint, *best = NULL;
  TAILQ_FOREACH(endpoint, &listener->endpoints, link) {
    if (endpoint->leaving || endpoint->rest_until > now) continue;
    if (best == NULL || endpoint->connections < best->connections ||
        (endpoint->connections == best->connections && endpoint->turn < best->turn))
      best = endpoint;
  }
  if (best != NULL) {
    best->turn = ++turns;
    best->connections++;
  }
  return best;
}

void endpoint_give(struct listener *listener, struct endpoint *endpoint) {
  endpoint->connections--;
  endpoint_free_unused(listener, endpoint);
}

void endpoint_refused(struct endpoint *endpoint) {
  if (endpoint->rest_until > now) return; /* many attempts at once are one refusal */
  endpoint->rest_ms = endpoint->rest_ms == 0 ? REST_MIN_MS : endpoint->rest_ms * 2;
  if (endpoint->rest_ms > REST_MAX_MS) endpoint->rest_ms = REST_MAX_MS;
  endpoint->rest_until = now + endpoint->rest_ms;
}
