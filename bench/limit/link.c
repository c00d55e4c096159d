// rtnetlink(7): a veth pair whose host's end is routed, not bridged: an address, a /32 route and a neighbour entry on
// either side. The addresses are of 198.18.0.0/15, the block for benchmarks (RFC 2544).
#define _GNU_SOURCE
#include "limit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_ADDRESS 0xc6120002u // 198.18.0.2
#define GATEWAY 0xc6120001u
#define HOST_INDEX(number) (1 << 28 | (int)(number))
#define OWN_INDEX 2

static int proc, host_socket, host_namespace;

struct batch {
  size_t length, last; // last: where the newest message begins
  int messages;
  char bytes[4096];
};

static struct nlmsghdr *message(struct batch *batch) { return (void *)(batch->bytes + batch->last); }

static void begin(struct batch *batch, int type, int flags, const void *header, size_t length) {
  batch->last = batch->length;
  memset(batch->bytes + batch->last, 0, NLMSG_HDRLEN);
  *message(batch) = (struct nlmsghdr){
      .nlmsg_len = (uint32_t)NLMSG_LENGTH(length),
      .nlmsg_type = (uint16_t)type,
      .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
  };
  memcpy(batch->bytes + batch->last + NLMSG_HDRLEN, header, length);
  batch->length += NLMSG_ALIGN(NLMSG_LENGTH(length));
  batch->messages++;
}

static size_t attribute(struct batch *batch, int type, const void *data, size_t length) {
  size_t at = batch->length;
  struct rtattr head = {.rta_len = (uint16_t)RTA_LENGTH(length), .rta_type = (uint16_t)type};
  memcpy(batch->bytes + at, &head, sizeof head);
  if (length) memcpy(batch->bytes + at + RTA_LENGTH(0), data, length);
  batch->length += RTA_ALIGN(RTA_LENGTH(length));
  message(batch)->nlmsg_len = (uint32_t)(batch->length - batch->last);
  return at;
}

static void nested_end(struct batch *batch, size_t at) {
  uint16_t length = (uint16_t)(batch->length - at);
  memcpy(batch->bytes + at, &length, sizeof length);
}

static void word(struct batch *batch, int type, uint32_t value) { attribute(batch, type, &value, sizeof value); }

static void hardware_address(uint8_t bytes[6], uint8_t first, uint32_t address) {
  uint32_t network = htonl(address);
  bytes[0] = first, bytes[1] = 0x67;
  memcpy(bytes + 2, &network, 4);
}

static void end_of_pair(struct batch *batch, const char *name, uint8_t first, uint32_t address) {
  uint8_t hardware[6];
  hardware_address(hardware, first, address);
  attribute(batch, IFLA_IFNAME, name, strlen(name) + 1);
  attribute(batch, IFLA_ADDRESS, hardware, sizeof hardware);
  word(batch, IFLA_NUM_TX_QUEUES, 1); // one queue, not one per processor
  word(batch, IFLA_NUM_RX_QUEUES, 1);
}

static void add_pair(struct batch *batch, unsigned number, int namespace) {
  char name[IFNAMSIZ];
  snprintf(name, sizeof name, "lim%u", number);
  struct ifinfomsg host = {.ifi_index = HOST_INDEX(number)}, own = {.ifi_index = OWN_INDEX};
  begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &host, sizeof host);
  end_of_pair(batch, name, 0x0e, FIRST_ADDRESS + number);
  size_t info = attribute(batch, IFLA_LINKINFO, NULL, 0);
  attribute(batch, IFLA_INFO_KIND, "veth", 4);
  size_t data = attribute(batch, IFLA_INFO_DATA, NULL, 0);
  size_t peer = attribute(batch, VETH_INFO_PEER, &own, sizeof own);
  end_of_pair(batch, "eth0", 0x0a, FIRST_ADDRESS + number);
  word(batch, IFLA_NET_NS_FD, (uint32_t)namespace);
  nested_end(batch, peer);
  nested_end(batch, data);
  nested_end(batch, info);
}

// `quiet`: the kernel makes no IPv6 address for the link, hence no multicast groups and no neighbour discovery.
static void set_up(struct batch *batch, int index, bool quiet) {
  struct ifinfomsg link = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  begin(batch, RTM_NEWLINK, 0, &link, sizeof link);
  if (!quiet) return;
  uint8_t none = IN6_ADDR_GEN_MODE_NONE;
  size_t families = attribute(batch, IFLA_AF_SPEC, NULL, 0);
  size_t inet6 = attribute(batch, AF_INET6, NULL, 0);
  attribute(batch, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
  nested_end(batch, inet6);
  nested_end(batch, families);
}

static void add_address(struct batch *batch, int index, uint32_t address) {
  struct ifaddrmsg header = {.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = (uint32_t)index};
  begin(batch, RTM_NEWADDR, NLM_F_CREATE, &header, sizeof header);
  word(batch, IFA_LOCAL, htonl(address));
}

static void add_route(struct batch *batch, int index, uint32_t to, uint8_t prefix, uint32_t via) {
  struct rtmsg header = {
      .rtm_family = AF_INET, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN,
      .rtm_protocol = RTPROT_STATIC, .rtm_scope = via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK, .rtm_type = RTN_UNICAST,
  };
  begin(batch, RTM_NEWROUTE, NLM_F_CREATE, &header, sizeof header);
  if (prefix) word(batch, RTA_DST, htonl(to));
  if (via) word(batch, RTA_GATEWAY, htonl(via));
  word(batch, RTA_OIF, (uint32_t)index);
}

static void add_neighbour(struct batch *batch, int index, uint32_t address, uint8_t first, uint32_t owner) {
  struct ndmsg header = {.ndm_family = AF_INET, .ndm_ifindex = index, .ndm_state = NUD_PERMANENT};
  uint8_t hardware[6];
  hardware_address(hardware, first, owner);
  begin(batch, RTM_NEWNEIGH, NLM_F_CREATE, &header, sizeof header);
  word(batch, NDA_DST, htonl(address));
  attribute(batch, NDA_LLADDR, hardware, sizeof hardware);
}

static void talk(int fd, struct batch *batch) {
  if (send(fd, batch->bytes, batch->length, 0) < 0) die("rtnetlink");
  for (int answered = 0; answered < batch->messages;) {
    char answers[8192];
    ssize_t length = recv(fd, answers, sizeof answers, 0);
    if (length < 0) die("rtnetlink");
    for (struct nlmsghdr *one = (void *)answers; NLMSG_OK(one, length); one = NLMSG_NEXT(one, length)) {
      errno = -((struct nlmsgerr *)NLMSG_DATA(one))->error;
      if (one->nlmsg_type == NLMSG_ERROR && errno) die("rtnetlink");
      answered++;
    }
  }
}

static int open_socket(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE); }

static void disable_ipv6(void) {
  for (int i = 0; i < 2; i++) {
    const char *path = i ? "sys/net/ipv6/conf/default/disable_ipv6" : "sys/net/ipv6/conf/all/disable_ipv6";
    AUTO_CLOSE int fd = openat(proc, path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "1", 1) != 1) die(path); // a kernel without IPv6 lacks the file
  }
}

void link_open(int proc_folder) {
  proc = proc_folder;
  host_namespace = openat(proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
  host_socket = open_socket();
  if (host_namespace < 0 || host_socket < 0) die("network namespace");
}

int link_make(unsigned number) {
  if (unshare(CLONE_NEWNET)) die("unshare");
  int namespace = openat(proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
  AUTO_CLOSE int inside = open_socket();
  if (namespace < 0 || inside < 0) die("network namespace");
  disable_ipv6(); // before the pair is made: what is never up needs no tearing down

  struct batch batch = {0};
  uint32_t address = FIRST_ADDRESS + number;
  int index = HOST_INDEX(number);
  add_pair(&batch, number, namespace);
  set_up(&batch, index, true);
  add_address(&batch, index, GATEWAY);
  add_route(&batch, index, address, 32, 0);
  add_neighbour(&batch, index, address, 0x0a, address);
  talk(host_socket, &batch);

  batch = (struct batch){0};
  set_up(&batch, 1, false);
  add_address(&batch, OWN_INDEX, address);
  set_up(&batch, OWN_INDEX, false);
  add_route(&batch, OWN_INDEX, GATEWAY, 32, 0);
  add_route(&batch, OWN_INDEX, 0, 0, GATEWAY);
  add_neighbour(&batch, OWN_INDEX, GATEWAY, 0x0e, address);
  talk(inside, &batch);
  if (setns(host_namespace, CLONE_NEWNET)) die("setns");
  return namespace;
}

bool link_gone(unsigned number) {
  char name[IFNAMSIZ];
  snprintf(name, sizeof name, "lim%u", number);
  return if_nametoindex(name) == 0;
}
