#define _GNU_SOURCE
#include "wire.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

int read_full(int fd, void *buffer, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = read(fd, (char *)buffer + done, length - done);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = 0;
    if (n <= 0) return -1;
    done += (size_t)n;
  }
  return 0;
}

int write_full(int fd, const void *buffer, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = send(fd, (const char *)buffer + done, length - done, MSG_NOSIGNAL);
    if (n < 0 && errno == ENOTSOCK) n = write(fd, (const char *)buffer + done, length - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    done += (size_t)n;
  }
  return 0;
}

int send_frame(int fd, uint32_t tag, const void *payload, size_t length) {
  uint32_t head[2] = {(uint32_t)length + 4, tag};
  // One sendmsg: frames of several processes on one socket must not mingle.
  struct iovec parts[2] = {{head, sizeof head}, {(void *)payload, length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = length ? 2 : 1};
  ssize_t n;
  do n = sendmsg(fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0) return -1;
  size_t sent = (size_t)n;
  if (sent < sizeof head) {
    if (write_full(fd, (char *)head + sent, sizeof head - sent)) return -1;
    sent = sizeof head;
  }
  return write_full(fd, (const char *)payload + (sent - sizeof head), length - (sent - sizeof head));
}

uint8_t *receive_frame(int fd, uint32_t *tag, uint32_t *length, uint32_t limit) {
  uint32_t head[2];
  if (read_full(fd, head, sizeof head)) return NULL;
  if (head[0] < 4 || head[0] - 4 > limit) {
    errno = EMSGSIZE;
    return NULL;
  }
  *tag = head[1];
  *length = head[0] - 4;
  uint8_t *payload = malloc((size_t)*length + 1);
  if (!payload) return NULL;
  if (read_full(fd, payload, *length)) {
    free(payload);
    return NULL;
  }
  payload[*length] = 0;
  return payload;
}
