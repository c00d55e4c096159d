// gantry-prober: asks ports inside containers whether anybody is there. One process for all of them, with no program
// started for a question: it enters a network namespace for as long as it takes to make a socket. Questions arrive on
// stdin, answers leave on stdout, as frames of wire.h; it ends with its stdin. What an answer means is decided elsewhere.
#define _GNU_SOURCE
#include "prober.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

enum { PROBES = 128, DRAIN_MS = 1000, QUESTION = 1, ANSWER = 1 };

static struct probe probes[PROBES];

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void answer(struct probe *probe, int error) {
  uint8_t payload[sizeof(struct probe_answer) + PROBE_KEPT];
  struct probe_answer head = {.number = probe->number, .error = error};
  memcpy(payload, &head, sizeof head);
  memcpy(payload + sizeof head, probe->response, probe->received);
  if (send_frame(STDOUT_FILENO, ANSWER, payload, sizeof head + probe->received)) _exit(0);
  if (error || probe->state != PROBE_DRAINING || probe->length == 0) probe_close(probe);
  else probe->deadline = now_ms() + DRAIN_MS;
}

static struct probe *free_place(void) {
  for (int i = 0; i < PROBES; i++)
    if (probes[i].fd < 0) return &probes[i];
  return NULL;
}

// False at the end of all questions.
static bool listen_to(struct probe *probe, int own_network) {
  uint32_t tag, length;
  struct probe_request request;
  uint8_t *payload = receive_frame(STDIN_FILENO, &tag, &length, PROBE_REQUEST_LIMIT);
  if (!payload || tag != QUESTION || length < sizeof request) return free(payload), false;
  memcpy(&request, payload, sizeof request);
  *probe = (struct probe){.fd = -1,
                          .number = request.number,
                          .deadline = now_ms() + request.timeout_ms,
                          .request = payload,
                          .length = length - sizeof request};
  int error = probe_begin(probe, own_network, &request);
  if (error) answer(probe, error);
  return true;
}

static int patience(void) {
  int64_t now = now_ms(), first = INT32_MAX;
  for (int i = 0; i < PROBES; i++)
    if (probes[i].fd >= 0 && probes[i].deadline - now < first) first = probes[i].deadline - now;
  return first == INT32_MAX ? -1 : first < 0 ? 0 : (int)first;
}

static void serve(struct probe *probe, bool can) {
  int error = 0;
  if (can && probe_advance(probe, &error)) return answer(probe, error);
  if (probe->fd < 0 || probe->deadline > now_ms()) return;
  if (probe->state == PROBE_DRAINING) probe_close(probe);
  else answer(probe, ETIMEDOUT);
}

int main(void) {
  prctl(PR_SET_NAME, "gantry-prober");
  int own_network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (own_network < 0) return 1;
  for (int i = 0; i < PROBES; i++) probes[i].fd = -1;
  for (;;) {
    struct pollfd pollers[PROBES + 1];
    struct probe *place = free_place();
    for (int i = 0; i < PROBES; i++)
      pollers[i] = (struct pollfd){.fd = probes[i].fd, .events = probes[i].fd < 0 ? 0 : probe_events(&probes[i])};
    pollers[PROBES] = (struct pollfd){.fd = place ? STDIN_FILENO : -1, .events = POLLIN};
    if (poll(pollers, PROBES + 1, patience()) < 0 && errno != EINTR) return 1;
    for (int i = 0; i < PROBES; i++)
      if (pollers[i].fd >= 0) serve(&probes[i], pollers[i].revents != 0);
    if (place && pollers[PROBES].revents && !listen_to(place, own_network)) return 0;
  }
}
