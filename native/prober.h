// What a probe of one port is, from the question to the answer.
#ifndef GANTRY_PROBER_H
#define GANTRY_PROBER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What arrives, after the frame's head; then the bytes to send, if any.
struct probe_request {
  uint32_t number;  // of the question, repeated in its answer
  uint32_t pid;     // a process in the network namespace
  uint64_t start_time;
  uint32_t port;    // at 127.0.0.1 there
  uint32_t timeout_ms;
};

// What is answered; then the bytes received, if any.
struct probe_answer {
  uint32_t number;
  int32_t error; // errno; 0: connected, and where bytes were sent, answered
};

enum { PROBE_KEPT = 4096, PROBE_REQUEST_LIMIT = 64 * 1024 };
enum probe_state { PROBE_CONNECTING, PROBE_SENDING, PROBE_READING, PROBE_DRAINING };

struct probe {
  int fd; // -1: the place is free
  enum probe_state state;
  uint32_t number;
  int64_t deadline; // CLOCK_MONOTONIC, ms
  uint8_t *request; // the frame's payload, owned
  size_t sent, length; // of its bytes to send
  size_t drained, received;
  char response[PROBE_KEPT];
};

// Begins to connect; 0, or an errno that is the answer.
int probe_begin(struct probe *probe, int own_network, const struct probe_request *request);
short probe_events(const struct probe *probe);
// Something can be read or written. True once there is an answer, whose errno is in `error`.
bool probe_advance(struct probe *probe, int *error);
void probe_close(struct probe *probe);
#endif
