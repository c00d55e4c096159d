// A process that exec opened inside a container, as its session sees it.
#ifndef GANTRY_SESSION_H
#define GANTRY_SESSION_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct session {
  int connection;
  int signals;       // signalfd of SIGCHLD
  int input;         // non-blocking; -1 once ended
  int output[2];     // stdout and stderr; with a terminal only the first
  bool terminal;     // input and output[0] are its master
  bool client;       // somebody listens
  pid_t pid;
  // What the process has not taken yet of its input; while there is any, no more is read from the client.
  uint8_t *waiting;
  uint32_t waiting_from, waiting_to;
  bool input_ends;   // after what is waiting
};

// Carries frames and output until the process is over. Its exit status, 128 + signal for a killed one.
int relay(struct session *session);
#endif
