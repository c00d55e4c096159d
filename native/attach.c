// Clients of a container's stdio. Nobody waits for a client: each has a buffer of its own, and only while one of them is
// full is the container's output left where it is, as with any terminal; who stays behind for long is let go.
#define _GNU_SOURCE
#include "attach.h"
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define HEAD 8
#define IN_LIMIT (64 * 1024)    // bytes of input in one frame
#define OUT_LIMIT (1024 * 1024) // bytes a client may be behind
#define EARLY_LIMIT (256 * 1024)
#define CAPACITY (OUT_LIMIT + EARLY_LIMIT + 2 * IN_LIMIT)
#define STUCK_MS 10000
#define FAREWELL_MS 2000
#define GOODBYE_MS 10000 // for all at once: so long a container's end may wait for them

static int64_t clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void attached_init(struct attached *attached) {
  *attached = (struct attached){.input = -1, .early_over = true};
  for (int i = 0; i < ATTACHED_LIMIT; i++) attached->clients[i].fd = -1;
}

static void end_input(struct attached *attached) {
  // A terminal has no end: its user types one. Closing it would hang it up.
  if (attached->terminal) return;
  close_quietly(&attached->input);
  attached->input = -1;
}

static void let_client_go(struct attached *attached, struct client *client) {
  bool had_input = client->writes;
  close_quietly(&client->fd);
  free(client->in);
  free(client->out);
  *client = (struct client){.fd = -1};
  if (had_input && attached->once) end_input(attached);
}

static void flush_client(struct attached *attached, struct client *client) {
  while (client->out_from < client->out_to) {
    ssize_t n = send(client->fd, client->out + client->out_from, client->out_to - client->out_from, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return let_client_go(attached, client);
    client->out_from += (size_t)n;
  }
  client->out_from = client->out_to = 0;
}

static void put(struct client *client, const void *bytes, size_t length) {
  if (client->out_from) {
    memmove(client->out, client->out + client->out_from, client->out_to - client->out_from);
    client->out_to -= client->out_from;
    client->out_from = 0;
  }
  memcpy(client->out + client->out_to, bytes, length); // attached_full leaves room for one more read and its head
  client->out_to += length;
}

static void put_frame(struct attached *attached, struct client *client, uint32_t tag, const void *bytes, size_t length) {
  uint32_t head[2] = {(uint32_t)length + 4, tag};
  if (client->out_to - client->out_from + HEAD + length > CAPACITY) {
    // Only what a container leaves behind at its end can be so much: then there is nobody to hold up.
    struct pollfd poller = {.fd = client->fd, .events = POLLOUT};
    if (poll(&poller, 1, FAREWELL_MS) > 0) flush_client(attached, client);
    if (client->fd < 0) return;
    if (client->out_to - client->out_from + HEAD + length > CAPACITY) return let_client_go(attached, client);
  }
  put(client, head, sizeof head);
  put(client, bytes, length);
}

void attached_give_up(struct attached *attached) {
  free(attached->early);
  attached->early = NULL;
  attached->early_over = true;
  attached->expected = false;
}

bool attached_add(struct attached *attached, int connection, bool writes, bool replay, pid_t pid) {
  struct client *client = attached->clients;
  while (client < attached->clients + ATTACHED_LIMIT && client->fd >= 0) client++;
  if (client == attached->clients + ATTACHED_LIMIT) return false;
  uint8_t *in = malloc(HEAD + IN_LIMIT), *out = malloc(CAPACITY);
  if (!in || !out || fcntl(connection, F_SETFL, O_NONBLOCK)) {
    free(in);
    free(out);
    return false;
  }
  *client = (struct client){.fd = connection, .writes = writes, .in = in, .out = out};
  uint32_t number = (uint32_t)pid;
  put_frame(attached, client, SESSION_STARTED, &number, sizeof number);
  if (replay && attached->early) put(client, attached->early, attached->early_used);
  attached_give_up(attached);
  flush_client(attached, client);
  return true;
}

static void keep_early(struct attached *attached, uint32_t tag, const void *bytes, size_t length) {
  if (attached->early_over) return;
  if (!attached->early) attached->early = malloc(EARLY_LIMIT);
  if (!attached->early || attached->early_used + HEAD + length > EARLY_LIMIT) return attached_give_up(attached);
  uint32_t head[2] = {(uint32_t)length + 4, tag};
  memcpy(attached->early + attached->early_used, head, sizeof head);
  memcpy(attached->early + attached->early_used + HEAD, bytes, length);
  attached->early_used += HEAD + length;
}

void attached_output(struct attached *attached, uint32_t tag, const void *bytes, size_t length) {
  keep_early(attached, tag, bytes, length);
  for (struct client *client = attached->clients; client < attached->clients + ATTACHED_LIMIT; client++) {
    if (client->fd < 0) continue;
    put_frame(attached, client, tag, bytes, length);
    if (client->fd >= 0) flush_client(attached, client);
  }
}

static bool is_full(const struct client *client) {
  return client->fd >= 0 && client->out_to - client->out_from > OUT_LIMIT;
}

bool attached_full(const struct attached *attached) {
  // Somebody is about to come, and must not miss what does not fit.
  if (attached->expected && attached->early_used + HEAD + 16384 > EARLY_LIMIT) return true;
  for (int i = 0; i < ATTACHED_LIMIT; i++)
    if (is_full(&attached->clients[i])) return true;
  return false;
}

static uint32_t frame_length(const struct client *client) { // of the payload
  uint32_t length;
  memcpy(&length, client->in, sizeof length);
  return length - 4;
}

static bool is_malformed(const struct client *client) {
  return client->in_used >= HEAD && frame_length(client) > IN_LIMIT; // one shorter than its tag seems endless
}

// A whole frame of input that the container has not taken yet.
static bool is_waiting(const struct client *client) {
  return client->fd >= 0 && client->in_used >= HEAD && client->in_used - HEAD >= frame_length(client);
}

// False when it has to wait until the container reads on.
static bool give_input(struct attached *attached, struct client *client, uint32_t length) {
  while (client->taken < length && client->writes && attached->input >= 0) {
    ssize_t n = write(attached->input, client->in + HEAD + client->taken, length - client->taken);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return false;
    if (n < 0) {
      if (attached->terminal) return true;
      close_quietly(&attached->input);
      attached->input = -1;
      return true;
    }
    client->taken += (size_t)n;
  }
  return true;
}

static void take_frames(struct attached *attached, struct client *client) {
  while (is_waiting(client)) {
    uint32_t tag, length = frame_length(client), numbers[2];
    memcpy(&tag, client->in + 4, sizeof tag);
    if (tag == SESSION_STDIN && length && !give_input(attached, client, length)) return;
    if (tag == SESSION_STDIN && !length && client->writes && attached->once) end_input(attached);
    if (tag == SESSION_RESIZE && length == 8 && attached->terminal) {
      memcpy(numbers, client->in + HEAD, 8);
      resize_terminal(attached->input, numbers[0], numbers[1]);
    }
    client->taken = 0;
    client->in_used -= HEAD + length;
    memmove(client->in, client->in + HEAD + length, client->in_used);
  }
}

static void read_client(struct attached *attached, struct client *client) {
  ssize_t n = recv(client->fd, client->in + client->in_used, HEAD + IN_LIMIT - client->in_used, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return let_client_go(attached, client);
  client->in_used += (size_t)n;
  if (!is_malformed(client)) take_frames(attached, client);
  if (is_malformed(client)) let_client_go(attached, client);
}

size_t attached_poll(const struct attached *attached, struct pollfd *pollers) {
  bool waiting = false;
  for (int i = 0; i < ATTACHED_LIMIT; i++) {
    const struct client *client = &attached->clients[i];
    bool full = is_waiting(client);
    waiting = waiting || full;
    short events = (short)((full ? 0 : POLLIN) | (client->out_from < client->out_to ? POLLOUT : 0));
    pollers[i] = (struct pollfd){.fd = client->fd, .events = events};
  }
  pollers[ATTACHED_LIMIT] = (struct pollfd){.fd = waiting ? attached->input : -1, .events = POLLOUT};
  return ATTACHED_LIMIT + 1;
}

void attached_serve(struct attached *attached, const struct pollfd *pollers, size_t count, int64_t now_ms) {
  for (size_t i = 0; i + 1 < count; i++) {
    struct client *client = &attached->clients[i];
    if (client->fd < 0 || client->fd != pollers[i].fd) continue;
    if (pollers[i].revents & POLLOUT) flush_client(attached, client);
    if (client->fd >= 0 && pollers[i].revents & POLLIN) read_client(attached, client);
    else if (client->fd >= 0 && pollers[i].revents & (POLLHUP | POLLERR) && !is_waiting(client)) let_client_go(attached, client);
    // Reading a little now and then is no way to hold everybody up.
    if (!is_full(client)) client->stuck_since = 0;
    else if (!client->stuck_since) client->stuck_since = now_ms;
    else if (now_ms - client->stuck_since > STUCK_MS) let_client_go(attached, client);
  }
  if (count && pollers[count - 1].revents)
    for (int i = 0; i < ATTACHED_LIMIT; i++)
      if (attached->clients[i].fd >= 0) take_frames(attached, &attached->clients[i]);
}

// What is on its way to a client, and whether it has closed its side, once ours is closed.
static void say_goodbye(struct attached *attached, struct client *client, short events) {
  char ignored[4096];
  if (events & POLLOUT) flush_client(attached, client);
  if (client->fd < 0 || client->out_from < client->out_to) return;
  shutdown(client->fd, SHUT_WR);
  // Closing with input unread would reset the connection, and could cost the client what was just sent.
  for (ssize_t n; (n = recv(client->fd, ignored, sizeof ignored, MSG_DONTWAIT)) <= 0;) {
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 || errno != EAGAIN) let_client_go(attached, client);
    return;
  }
}

void attached_finish(struct attached *attached, uint32_t code) {
  for (int i = 0; i < ATTACHED_LIMIT; i++)
    if (attached->clients[i].fd >= 0) put_frame(attached, &attached->clients[i], SESSION_EXIT, &code, sizeof code);
  for (int64_t end = clock_ms() + GOODBYE_MS; clock_ms() < end;) {
    struct pollfd pollers[ATTACHED_LIMIT];
    bool anybody = false;
    for (int i = 0; i < ATTACHED_LIMIT; i++) {
      const struct client *client = &attached->clients[i];
      pollers[i] = (struct pollfd){.fd = client->fd, .events = client->out_from < client->out_to ? POLLOUT : POLLIN};
      anybody = anybody || client->fd >= 0;
    }
    if (!anybody) return;
    poll(pollers, ATTACHED_LIMIT, (int)(end - clock_ms()) + 1);
    for (int i = 0; i < ATTACHED_LIMIT; i++)
      if (attached->clients[i].fd >= 0 && pollers[i].revents) say_goodbye(attached, &attached->clients[i], pollers[i].revents);
  }
  for (int i = 0; i < ATTACHED_LIMIT; i++) let_client_go(attached, &attached->clients[i]);
}

void attached_close(struct attached *attached) {
  for (int i = 0; i < ATTACHED_LIMIT; i++) close_quietly(&attached->clients[i].fd);
  close_quietly(&attached->input);
}
