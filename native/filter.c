// Seccomp filters of OCI bundles: with flags, and with somebody outside who answers for the container (seccomp_unotify(2)).
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct delivery {
  int socket;
  const char *message;
  _Atomic int listener; // -1 until the filter is there, -2 if it never will be
  _Atomic int done;     // 1, or a negative errno
};

// The filter may hold back any call of the thread it is put on, that of sending too; this thread it is not put on.
static void *deliver(void *with) {
  struct delivery *delivery = with;
  int listener;
  while ((listener = atomic_load(&delivery->listener)) == -1) usleep(200);
  if (listener >= 0)
    atomic_store(&delivery->done, send_descriptor(delivery->socket, listener, delivery->message, strlen(delivery->message))
                                      ? -errno
                                      : 1);
  return NULL;
}

static long load(const struct operation *operation, unsigned flags) {
  const struct argument *code = &operation->arguments[1];
  AUTO_FREE void *filter = malloc(code->length); // the bytes lie unaligned in the plan
  if (!filter) return -1;
  memcpy(filter, code->data, code->length);
  struct sock_fprog program = {.len = (unsigned short)(code->length / 8), .filter = filter};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

// OP_FILTER. Whatever execute() would do besides is done before: the filter need not let it through.
int set_filter(struct machine *machine, const struct operation *operation) {
  if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) || let_go(machine)) return -1;
  machine->ready = true;
  unsigned flags = (unsigned)integer(operation, 0);
  if (integer(operation, 2) < 0) return load(operation, flags) < 0 ? -1 : 0;
  struct delivery delivery = {.socket = slot(machine, integer(operation, 2)), .listener = -1};
  delivery.message = with_pid(&operation->arguments[3], machine->own_pid);
  pthread_t thread;
  if (delivery.socket < 0 || !delivery.message || pthread_create(&thread, NULL, deliver, &delivery)) return -1;
  long listener = load(operation, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER);
  int error = errno;
  atomic_store(&delivery.listener, listener < 0 ? -2 : (int)listener);
  if (listener < 0) return errno = error, -1;
  // Without a system call, as any may wait for an answer by now. The descriptor closes on exec, and the thread ends there.
  int done;
  while (!(done = atomic_load(&delivery.done))) __asm__ volatile("" ::: "memory");
  return done == 1 ? 0 : (errno = -done, -1);
}
