// What a shim keeps of its container's stdio, where that is more than a log: its input, its terminal, and who listens.
#ifndef GANTRY_ATTACH_H
#define GANTRY_ATTACH_H
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ATTACHED_LIMIT 16

struct client {
  int fd;                // non-blocking; -1: nobody
  bool writes;           // its frames of input are taken
  uint8_t *in;           // frames that are not complete, or not taken yet
  size_t in_used, taken; // of the first frame's payload, bytes that the container has taken
  uint8_t *out;          // frames that the client has not read yet
  size_t out_from, out_to;
  int64_t stuck_since;   // ms; 0: it reads
};

struct attached {
  int input;             // non-blocking: a pipe or the terminal; -1 without, or once ended
  bool terminal;         // input and the shim's first output are its master
  bool once;             // the input ends with the first client that had it
  bool expected;         // somebody will attach: the end waits for it
  bool early_over;       // nothing is kept any more for the first client
  uint8_t *early;        // frames since the start, until the first client
  size_t early_used;
  struct client clients[ATTACHED_LIMIT];
};

void attached_init(struct attached *attached);
// Takes the connection over: what the container writes goes there from now on, for `replay` what it has written before.
// False when there are too many already; the connection is then the caller's.
bool attached_add(struct attached *attached, int connection, bool writes, bool replay, pid_t pid);
// Gives output of the container to everybody who listens.
void attached_output(struct attached *attached, uint32_t tag, const void *bytes, size_t length);
// Whether somebody is so far behind that no more may be read from the container.
bool attached_full(const struct attached *attached);
// What to wait for: at most ATTACHED_LIMIT + 1 descriptors. Returns how many.
size_t attached_poll(const struct attached *attached, struct pollfd *pollers);
// What poll(2) found for them. Whoever has been too far behind for long is let go.
void attached_serve(struct attached *attached, const struct pollfd *pollers, size_t count, int64_t now_ms);
// Tells everybody the end, and lets all go that have taken it within a moment.
void attached_finish(struct attached *attached, uint32_t code);
// Nobody will come: what was kept for the first client goes.
void attached_give_up(struct attached *attached);
// In a process that is none of their business.
void attached_close(struct attached *attached);
#endif
