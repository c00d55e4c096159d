// A container that is created but not started: its first process waits, with nothing of the host left but a socket.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// OP_LISTEN, in the parent.
int listen_for_start(struct machine *machine, int folder, const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (folder < 0) return -1;
  if (strlen(name) >= sizeof address.sun_path || strchr(name, '/')) return errno = EINVAL, -1;
  strcpy(address.sun_path, name);
  AUTO_CLOSE int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (here < 0 || fd < 0 || fchdir(folder)) return -1;
  mode_t before = umask(0177);
  int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  umask(before);
  if (bound || listen(fd, 1) || fchdir(here)) return -1;
  machine->listener = fd;
  return 0;
}

// OP_AWAIT_START, in the child: the parent learns that all went well so far, and may go. Whoever connects then hears on
// the same line what fails, or that it closes.
int await_start(struct machine *machine) {
  if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)) return -1;
  close_quietly(&machine->status);
  int connection;
  do connection = accept4(machine->listener, NULL, NULL, SOCK_CLOEXEC);
  while (connection < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (connection < 0) return -1;
  close_quietly(&machine->listener);
  machine->listener = -1;
  machine->status = connection;
  return 0;
}
