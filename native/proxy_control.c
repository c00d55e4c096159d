/* The control socket: one command a line, one answer a line (status: several, then `end`). docs/network.md lists
   them. Whatever comes in is checked in full before anything is changed. */
#define _GNU_SOURCE
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  LINE_MAX_BYTES = 1024 * 1024,     /* some 20,000 endpoints */
  ANSWER_MAX_BYTES = 8 * 1024 * 1024, /* who does not read his answers is cut off */
  CLIENTS_MAX = 16,
};

struct buffer { char *bytes; size_t size, room; };

struct client {
  struct source source;
  struct buffer in, out;
};

static struct source control = {.fd = -1};
static char control_path[sizeof((struct sockaddr_un *)0)->sun_path];
static unsigned clients;
static bool had_clients;

static bool buffer_reserve(struct buffer *buffer, size_t more) {
  size_t room = buffer->room ? buffer->room : 4096;
  while (room < buffer->size + more) room *= 2;
  if (room == buffer->room) return true;
  char *bytes = realloc(buffer->bytes, room);
  if (bytes == NULL) return false;
  buffer->bytes = bytes;
  buffer->room = room;
  return true;
}

__attribute__((format(printf, 2, 3))) static void say(struct client *client, const char *format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (size < 0 || (size_t)size >= sizeof line || !buffer_reserve(&client->out, (size_t)size)) return;
  memcpy(client->out.bytes + client->out.size, line, (size_t)size);
  client->out.size += (size_t)size;
}

static void refuse(struct client *client, int error) {
  const char *name = strerrorname_np(error);
  say(client, "error %s %s\n", name ? name : "EIO", strerror(error));
}

/* An id is what JSON needs no escape for and a line no quote. */
static bool id_valid(const char *id) {
  size_t size = strlen(id);
  return size > 0 && size <= ID_MAX &&
         strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:*/-") == size;
}

static bool parse_port(const char *text, uint16_t *port) {
  size_t size = strlen(text);
  if (size == 0 || size > 5 || strspn(text, "0123456789") != size) return false;
  long value = strtol(text, NULL, 10);
  *port = (uint16_t)value;
  return value <= 65535;
}

static bool parse_address(const char *host, const char *port_text, union address *address) {
  uint16_t port;
  memset(address, 0, sizeof *address);
  if (!parse_port(port_text, &port)) return false;
  if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons(port);
    return true;
  }
  address->v6.sin6_family = AF_INET6;
  address->v6.sin6_port = htons(port);
  return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1;
}

/* 10.0.0.1:80 or [::1]:80; port 0 is none. */
static bool parse_endpoint(char *text, union address *address) {
  char *colon = strrchr(text, ':');
  if (colon == NULL || strcmp(colon + 1, "0") == 0) return false;
  *colon = '\0';
  if (text[0] != '[') return strchr(text, ':') == NULL && parse_address(text, colon + 1, address);
  if (colon == text + 1 || colon[-1] != ']') return false;
  colon[-1] = '\0';
  return parse_address(text + 1, colon + 1, address) && address->any.sa_family == AF_INET6;
}

static const char *endpoint_text(const union address *address, char text[static INET6_ADDRSTRLEN + 9]) {
  char host[INET6_ADDRSTRLEN];
  if (address->any.sa_family == AF_INET) {
    inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof host);
    sprintf(text, "%s:%u", host, ntohs(address->v4.sin_port));
  } else {
    inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof host);
    sprintf(text, "[%s]:%u", host, ntohs(address->v6.sin6_port));
  }
  return text;
}

/* listen ID tcp|udp ADDRESS PORT */
static void do_listen(struct client *client, char **words, size_t count) {
  union address address;
  if (count != 5 || !id_valid(words[1]) || (strcmp(words[2], "tcp") != 0 && strcmp(words[2], "udp") != 0) ||
      !parse_address(words[3], words[4], &address))
    return say(client, "error EINVAL usage: listen ID tcp|udp ADDRESS PORT\n");
  struct listener *listener;
  int error = listener_open(words[1], words[2][0] == 'u', &address, &listener);
  if (error != 0) return refuse(client, error);
  say(client, "ok %u\n", listener->port);
}

/* unlisten ID */
static void do_unlisten(struct client *client, char **words, size_t count) {
  if (count != 2 || !id_valid(words[1])) return say(client, "error EINVAL usage: unlisten ID\n");
  struct listener *listener = listener_find(words[1]);
  if (listener != NULL) listener_close(listener);
  say(client, "ok\n");
}

/* endpoints ID [ADDRESS:PORT ...] */
static void do_endpoints(struct client *client, char **words, size_t count) {
  if (count < 2 || !id_valid(words[1])) return say(client, "error EINVAL usage: endpoints ID [ADDRESS:PORT ...]\n");
  struct listener *listener = listener_find(words[1]);
  if (listener == NULL) return refuse(client, ENOENT);
  union address *addresses = calloc(count, sizeof *addresses);
  if (addresses == NULL) return refuse(client, ENOMEM);
  size_t good = 2;
  while (good < count && parse_endpoint(words[good], &addresses[good - 2])) good++;
  if (good < count) {
    refuse(client, EINVAL);
  } else {
    listener_set_endpoints(listener, addresses, count - 2);
    say(client, "ok\n");
  }
  free(addresses);
}

/* drop ID ADDRESS:PORT: also from listeners of that id that were closed and still have connections */
static void do_drop(struct client *client, char **words, size_t count) {
  union address address;
  if (count != 3 || !id_valid(words[1]) || !parse_endpoint(words[2], &address))
    return say(client, "error EINVAL usage: drop ID ADDRESS:PORT\n");
  unsigned dropped = 0;
  struct listener *listener, *next;
  for (listener = TAILQ_FIRST(&listeners); listener != NULL; listener = next) {
    next = TAILQ_NEXT(listener, link);
    struct endpoint *endpoint = endpoint_find(listener, &address);
    if (strcmp(listener->id, words[1]) != 0 || endpoint == NULL) continue;
    dropped += listener->udp ? udp_drop(listener, endpoint) : tcp_drop(listener, endpoint);
  }
  say(client, "ok %u\n", dropped);
}

/* status: a JSON object per listener, then `end` */
static void do_status(struct client *client) {
  struct listener *listener;
  TAILQ_FOREACH(listener, &listeners, link) {
    char text[INET6_ADDRSTRLEN + 9];
    union address bound = listener->wanted;
    say(client, "{\"id\":\"%s\",\"protocol\":\"%s\",\"address\":\"%s\",\"port\":%u,\"open\":%s,\"held\":%u,\"accepted\":%" PRIu64
        ",\"received\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"endpoints\":[",
        listener->id, listener->udp ? "udp" : "tcp",
        bound.any.sa_family == AF_INET ? inet_ntop(AF_INET, &bound.v4.sin_addr, text, sizeof text)
                                       : inet_ntop(AF_INET6, &bound.v6.sin6_addr, text, sizeof text),
        listener->port, listener->source.fd >= 0 ? "true" : "false", listener->held,
        listener->totals.accepted, listener->totals.received, listener->totals.sent, listener->totals.failed);
    struct endpoint *endpoint;
    TAILQ_FOREACH(endpoint, &listener->endpoints, link)
      say(client, "%s{\"address\":\"%s\",\"connections\":%u,\"leaving\":%s}",
          endpoint == TAILQ_FIRST(&listener->endpoints) ? "" : ",", endpoint_text(&endpoint->address, text),
          endpoint->connections, endpoint->leaving ? "true" : "false");
    say(client, "]}\n");
  }
  say(client, "end\n");
}

static void obey(struct client *client, char *line) {
  size_t count = 0, room = 1;
  for (char *c = line; *c != '\0'; c++) room += *c == ' ';
  char **words = calloc(room, sizeof *words);
  if (words == NULL) return refuse(client, ENOMEM);
  for (char *rest = line, *word; (word = strsep(&rest, " ")) != NULL;) words[count++] = word;
  if (strcmp(words[0], "listen") == 0) do_listen(client, words, count);
  else if (strcmp(words[0], "unlisten") == 0) do_unlisten(client, words, count);
  else if (strcmp(words[0], "endpoints") == 0) do_endpoints(client, words, count);
  else if (strcmp(words[0], "drop") == 0) do_drop(client, words, count);
  else if (strcmp(words[0], "status") == 0 && count == 1) do_status(client);
  else say(client, "error EINVAL unknown command\n");
  free(words);
}

static void hang_up(struct client *client) {
  unwatch(&client->source);
  free(client->in.bytes);
  free(client->out.bytes);
  clients--;
  bury(client);
}

/* False when the client is gone or does not read. */
static bool answer(struct client *client) {
  size_t sent = 0;
  while (sent < client->out.size) {
    ssize_t size = send(client->source.fd, client->out.bytes + sent, client->out.size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN) return false;
    if (size < 0) break;
    sent += (size_t)size;
  }
  client->out.size -= sent;
  if (client->out.size > 0) memmove(client->out.bytes, client->out.bytes + sent, client->out.size);
  watch(&client->source, client->out.size > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
  return client->out.size <= ANSWER_MAX_BYTES;
}

static void client_ready(struct source *source, uint32_t events) {
  struct client *client = (struct client *)source;
  (void)events;
  if (!buffer_reserve(&client->in, 64 * 1024)) return hang_up(client);
  ssize_t size = recv(source->fd, client->in.bytes + client->in.size, 64 * 1024, MSG_DONTWAIT);
  if (size == 0 || (size < 0 && errno != EAGAIN)) return hang_up(client);
  size_t old = client->in.size, start = 0;
  if (size > 0) client->in.size += (size_t)size;
  for (size_t i = old; i < client->in.size; i++) {
    if (client->in.bytes[i] != '\n') continue;
    client->in.bytes[i] = '\0';
    if (strlen(client->in.bytes + start) != i - start) say(client, "error EINVAL unknown command\n");
    else obey(client, client->in.bytes + start);
    start = i + 1;
    if (client->out.size > ANSWER_MAX_BYTES) return hang_up(client);
  }
  client->in.size -= start;
  if (start > 0) memmove(client->in.bytes, client->in.bytes + start, client->in.size);
  if (client->in.size > LINE_MAX_BYTES) {
    say(client, "error E2BIG the line is too long\n");
    answer(client);
    return hang_up(client);
  }
  if (!answer(client)) hang_up(client);
}

/* Edge-triggered: when descriptors run out, whoever waits is served with the next one who comes; no busy loop. */
static void control_ready(struct source *source, uint32_t events) {
  (void)events;
  int fd;
  while ((fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct client *client = clients < CLIENTS_MAX ? calloc(1, sizeof *client) : NULL;
    if (client == NULL) {
      close(fd);
      continue;
    }
    clients++;
    had_clients = true;
    client->source = (struct source){.fd = fd, .ready = client_ready};
    if (watch(&client->source, EPOLLIN) < 0) hang_up(client);
  }
}

int control_open(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  unlink(path); /* stale: the lock is ours */
  control.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (control.fd < 0) return -1;
  control.ready = control_ready;
  mode_t mask = umask(0177);
  int bound = bind(control.fd, (struct sockaddr *)&address, sizeof address);
  umask(mask);
  if (bound < 0 || listen(control.fd, 64) < 0) return -1;
  strcpy(control_path, path);
  return watch(&control, EPOLLIN | EPOLLET);
}

bool control_deserted(void) { return had_clients && clients == 0; }

void control_close(void) {
  unlink(control_path);
  unwatch(&control);
}
