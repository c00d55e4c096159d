// Frames on stream sockets: u32 length of what follows, u32 tag, bytes. Little endian, as the machines we run on.
#ifndef GANTRY_WIRE_H
#define GANTRY_WIRE_H
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define WIRE_VERSION 1

// What arrives at the launcher.
enum launcher_request { LAUNCHER_HELLO = 1, LAUNCHER_LAUNCH = 2, LAUNCHER_EXECUTE = 3 };
// What arrives at a shim.
enum shim_request { SHIM_STATUS = 1, SHIM_SIGNAL = 2, SHIM_EXEC = 3, SHIM_ATTACH = 4, SHIM_RESIZE = 5 }; // attach: u32, 1 input, 2 from the start; resize: as in a session
// Frames of an exec session and of an attached client, both ways.
enum session_frame {
  SESSION_STARTED = 1, // u32 pid
  SESSION_FAILED = 2,  // struct failure
  SESSION_STDIN = 3,   // bytes; none = end
  SESSION_STDOUT = 4,
  SESSION_STDERR = 5,
  SESSION_EXIT = 6,    // u32 status
  SESSION_SIGNAL = 7,  // u32 signal
  SESSION_RESIZE = 8,  // u32 rows, u32 columns
};

// Why a plan stopped: which operation, which errno, and what it was about.
struct failure {
  uint32_t operation; // index in the plan
  int32_t error;      // errno
  char about[160];    // "mount proc", NUL-terminated
};

int read_full(int fd, void *buffer, size_t length);         // 0, or -1 (errno 0 at end of file)
int write_full(int fd, const void *buffer, size_t length);  // never raises SIGPIPE on sockets
int send_frame(int fd, uint32_t tag, const void *payload, size_t length);
// Reads one frame into a fresh buffer; NULL on error, end of file, or when longer than `limit`.
uint8_t *receive_frame(int fd, uint32_t *tag, uint32_t *length, uint32_t limit);

static inline void close_quietly(int *fd) {
  if (*fd >= 0) close(*fd);
}
#define AUTO_CLOSE __attribute__((cleanup(close_quietly)))
static inline void free_quietly(void *pointer) { free(*(void **)pointer); }
#define AUTO_FREE __attribute__((cleanup(free_quietly)))
#endif
