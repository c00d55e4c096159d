// Sends a batch of rtnetlink requests in one go and reads an acknowledgement for each.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

int open_netlink(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE); }

// Checks the chain of headers, so that the number of answers to wait for is known. -1 when malformed.
static int count_messages(const uint8_t *bytes, uint32_t length) {
  int count = 0;
  while (length) {
    struct nlmsghdr head;
    if (length < sizeof head) return -1;
    memcpy(&head, bytes, sizeof head);
    uint32_t size = NLMSG_ALIGN(head.nlmsg_len);
    if (head.nlmsg_len < sizeof head || size > length || !(head.nlmsg_flags & NLM_F_ACK)) return -1;
    bytes += size;
    length -= size;
    count++;
  }
  return count;
}

int netlink_talk(int socket, const uint8_t *messages, uint32_t length, int64_t pid_offset, uint32_t pid) {
  uint8_t batch[16384];
  if (length > sizeof batch || (pid_offset >= 0 && (uint64_t)pid_offset + 4 > length)) {
    errno = EINVAL;
    return -1;
  }
  memcpy(batch, messages, length);
  if (pid_offset >= 0) memcpy(batch + pid_offset, &pid, sizeof pid);
  int expected = count_messages(batch, length);
  if (expected < 0) {
    errno = EBADMSG;
    return -1;
  }
  if (send(socket, batch, length, 0) < 0) return -1;
  int error = 0;
  while (expected > 0) {
    uint8_t answer[16384];
    ssize_t n = recv(socket, answer, sizeof answer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    for (const uint8_t *p = answer; n >= (ssize_t)sizeof(struct nlmsghdr);) {
      struct nlmsghdr head;
      memcpy(&head, p, sizeof head);
      if (head.nlmsg_type == NLMSG_ERROR) {
        int code;
        memcpy(&code, p + NLMSG_HDRLEN, sizeof code);
        if (code && !error) error = -code;
        expected--;
      }
      ssize_t size = (ssize_t)NLMSG_ALIGN(head.nlmsg_len);
      if (size <= 0 || size > n) break;
      p += size;
      n -= size;
    }
  }
  errno = error;
  return error ? -1 : 0;
}
