/* UDP: a flow is a client's address on a listener. It has a connected socket of its own to one endpoint, so replies
   find their way back; it ends after a minute without a datagram. */
#define _GNU_SOURCE
#include "proxy.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUCKETS = 4096, BATCH = 64 };

/* The address the client's datagram came to: on a wildcard socket the reply must leave from that one. */
struct destination {
  union { char space[CMSG_SPACE(sizeof(struct in6_pktinfo))]; struct cmsghdr align; };
  size_t size;
};

struct udp_flow {
  struct source source;
  TAILQ_ENTRY(udp_flow) by_age;
  struct udp_flow *next; /* in its bucket */
  struct listener *listener;
  struct endpoint *endpoint;
  union address client;
  struct destination destination;
  int64_t used_at;
};

static struct udp_flow *buckets[BUCKETS];
static TAILQ_HEAD(, udp_flow) flows = TAILQ_HEAD_INITIALIZER(flows); /* least recently used first */
static unsigned flow_count;
static char datagram[65536];

int udp_prepare(int fd, bool v6) {
  int on = 1;
  return v6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
            : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

static struct udp_flow **bucket_of(const struct listener *listener, const union address *client) {
  const unsigned char *bytes;
  size_t count;
  uint16_t port;
  if (client->any.sa_family == AF_INET) {
    bytes = (const unsigned char *)&client->v4.sin_addr;
    count = 4;
    port = client->v4.sin_port;
  } else {
    bytes = client->v6.sin6_addr.s6_addr;
    count = 16;
    port = client->v6.sin6_port;
  }
  uint32_t hash = 2166136261u ^ (uint32_t)(uintptr_t)listener ^ port;
  for (size_t i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 16777619u;
  return &buckets[(hash ^ hash >> 12) % BUCKETS];
}

static void flow_end(struct udp_flow *flow) {
  struct udp_flow **place = bucket_of(flow->listener, &flow->client);
  while (*place != flow) place = &(*place)->next;
  *place = flow->next;
  TAILQ_REMOVE(&flows, flow, by_age);
  unwatch(&flow->source);
  endpoint_give(flow->listener, flow->endpoint);
  listener_release(flow->listener);
  flow_count--;
  bury(flow);
}

static void flow_used(struct udp_flow *flow) {
  flow->used_at = now;
  TAILQ_REMOVE(&flows, flow, by_age);
  TAILQ_INSERT_TAIL(&flows, flow, by_age);
}

static void reply_ready(struct source *source, uint32_t events) {
  struct udp_flow *flow = (struct udp_flow *)source;
  (void)events;
  for (int i = 0; i < BATCH; i++) {
    ssize_t size = recv(source->fd, datagram, sizeof datagram, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0) {
      if (errno == ECONNREFUSED) {
        flow->listener->totals.failed++;
        endpoint_refused(flow->endpoint);
      }
      return flow_end(flow);
    }
    struct iovec part = {datagram, (size_t)size};
    struct msghdr message = {.msg_name = &flow->client, .msg_namelen = address_size(&flow->client),
                             .msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = flow->destination.size ? flow->destination.space : NULL,
                             .msg_controllen = flow->destination.size};
    sendmsg(flow->listener->source.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL); /* datagrams may be lost */
    flow->listener->totals.sent += (uint64_t)size;
    flow_used(flow);
  }
}

/* Keeps the packet info of a received datagram in the form that sendmsg wants: the address, no interface. */
static void remember_destination(struct destination *destination, struct msghdr *message) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(c);
      *info = (struct in_pktinfo){.ipi_spec_dst = info->ipi_addr};
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(c);
      if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) info->ipi6_ifindex = 0;
    } else {
      continue;
    }
    if (c->cmsg_len > sizeof destination->space) return;
    memcpy(destination->space, c, c->cmsg_len);
    destination->size = CMSG_SPACE(c->cmsg_len - CMSG_LEN(0));
    return;
  }
}

static struct udp_flow *flow_open(struct listener *listener, const union address *client) {
  if (flow_count >= descriptor_limit / 16) flow_end(TAILQ_FIRST(&flows));
  struct endpoint *endpoint = endpoint_take(listener);
  if (endpoint == NULL) return NULL; /* the datagram is lost, as the network may lose it */
  struct udp_flow *flow = calloc(1, sizeof *flow);
  int fd = flow == NULL ? -1 : socket(endpoint->address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    flow->source = (struct source){.fd = fd, .ready = reply_ready};
    if (connect(fd, &endpoint->address.any, address_size(&endpoint->address)) == 0 &&
        watch(&flow->source, EPOLLIN) == 0) {
      flow->listener = listener;
      flow->endpoint = endpoint;
      flow->client = *client;
      struct udp_flow **place = bucket_of(listener, client);
      flow->next = *place;
      *place = flow;
      TAILQ_INSERT_TAIL(&flows, flow, by_age);
      listener->users++;
      listener->totals.accepted++;
      flow_count++;
      return flow;
    }
    close(fd);
  }
  free(flow);
  endpoint_give(listener, endpoint);
  return NULL;
}

void udp_ready(struct source *source, uint32_t events) {
  struct listener *listener = (struct listener *)source;
  (void)events;
  for (int i = 0; i < BATCH; i++) {
    union address client;
    memset(&client, 0, sizeof client);
    struct destination control;
    struct iovec part = {datagram, sizeof datagram};
    struct msghdr message = {.msg_name = &client, .msg_namelen = sizeof client, .msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = control.space, .msg_controllen = sizeof control.space};
    ssize_t size = recvmsg(source->fd, &message, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0) continue;
    struct udp_flow *flow = *bucket_of(listener, &client);
    while (flow != NULL && (flow->listener != listener || !address_equal(&flow->client, &client))) flow = flow->next;
    if (flow == NULL && (flow = flow_open(listener, &client)) == NULL) continue;
    remember_destination(&flow->destination, &message);
    flow_used(flow);
    listener->totals.received += (uint64_t)size;
    if (send(flow->source.fd, datagram, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED) {
      listener->totals.failed++;
      endpoint_refused(flow->endpoint); /* the answer to an earlier datagram: nobody listens there */
      flow_end(flow);
    }
  }
}

unsigned udp_drop(struct listener *listener, const struct endpoint *endpoint) {
  unsigned count = 0;
  struct udp_flow *flow, *next;
  for (flow = TAILQ_FIRST(&flows); flow != NULL; flow = next) {
    next = TAILQ_NEXT(flow, by_age);
    if (flow->listener != listener || (endpoint != NULL && flow->endpoint != endpoint)) continue;
    count++;
    flow_end(flow);
  }
  return count;
}

int udp_tick(void) {
  struct udp_flow *flow;
  while ((flow = TAILQ_FIRST(&flows)) != NULL) {
    int64_t left = flow->used_at + FLOW_MS - now;
    if (left > 0) return (int)left;
    flow_end(flow);
  }
  return -1;
}
