/* The port-forward data plane. src/net/ decides which listener has which endpoints; this program moves bytes. */
#ifndef GANTRY_PROXY_H
#define GANTRY_PROXY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

enum {
  ID_MAX = 255,
  BACKLOG = 4096,
  HELD_MAX = 1024,     /* per listener: connections waiting for an endpoint */
  HOLD_MS = 10000,     /* how long one may wait, connection attempts included */
  CONNECT_MS = 3000,   /* one attempt */
  REST_MIN_MS = 50,    /* an endpoint that refused is left alone this long, doubling */
  REST_MAX_MS = 1000,
  FLOW_MS = 60000,     /* a UDP flow without a datagram ends */
  TICK_MS = 20,        /* how often waiting connections are looked at, while there are any */
};

/* Something epoll watches. `ready` is null once it is closed: later events of the same batch are stale. */
struct source {
  void (*ready)(struct source *self, uint32_t events);
  int fd;
};

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

struct endpoint {
  TAILQ_ENTRY(endpoint) link;
  union address address;
  unsigned connections; /* TCP connections (being made, too) or UDP flows */
  uint64_t turn;        /* when it was last chosen, in choices */
  int64_t rest_until;   /* refused: not chosen before */
  int rest_ms;
  bool leaving;         /* no longer in the table: no new connections */
};

/* Since the socket was opened. Bytes as the client's side saw them; `failed`: attempts an endpoint did not take. */
struct totals { uint64_t accepted, received, sent, failed; };

struct listener {
  struct source source; /* first: the sources of a listener are cast back to it */
  TAILQ_ENTRY(listener) link;
  TAILQ_HEAD(, endpoint) endpoints;
  TAILQ_HEAD(, connection) connections;
  char id[ID_MAX + 1];
  bool udp;
  union address wanted; /* as asked for first: port 0 means any */
  uint16_t port;        /* as bound */
  unsigned users;       /* connections and flows; a closed listener goes with its last one */
  unsigned held;
  struct totals totals;
};

TAILQ_HEAD(listeners, listener);

/* proxy.c: the loop */
extern int64_t now; /* ms, monotonic, read once per turn of the loop */
extern unsigned descriptor_limit;
int watch(struct source *source, uint32_t events);
void unwatch(struct source *source);  /* closes it */
void bury(void *object);              /* frees it once no event of this batch can name it */

/* proxy_table.c: listeners and endpoints */
extern struct listeners listeners;
int listener_open(const char *id, bool udp, const union address *address, struct listener **made); /* 0 or errno */
struct listener *listener_find(const char *id);
void listener_close(struct listener *listener);
void listener_set_endpoints(struct listener *listener, const union address *addresses, size_t count);
struct endpoint *endpoint_find(struct listener *listener, const union address *address);
struct endpoint *endpoint_take(struct listener *listener); /* the one to use next, counted; null when there is none */
void endpoint_give(struct listener *listener, struct endpoint *endpoint);
void endpoint_refused(struct endpoint *endpoint);
void listener_release(struct listener *listener); /* one user less */
socklen_t address_size(const union address *address);
bool address_equal(const union address *a, const union address *b);

/* proxy_tcp.c */
void tcp_ready(struct source *source, uint32_t events);
void tcp_retry_held(struct listener *listener); /* null for all */
void tcp_reset_held(struct listener *listener);
unsigned tcp_drop(struct listener *listener, const struct endpoint *endpoint);
int tcp_tick(void);      /* ms until the next one is needed, -1 for never */
bool tcp_continue(void); /* goes on with long transfers; true while there are any */

/* proxy_udp.c */
int udp_prepare(int fd, bool v6);
void udp_ready(struct source *source, uint32_t events);
unsigned udp_drop(struct listener *listener, const struct endpoint *endpoint);
int udp_tick(void);

/* proxy_control.c */
int control_open(const char *path);
void control_close(void);
/* Whether somebody was connected once and nobody is now. */
bool control_deserted(void);

#endif
