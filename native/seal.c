// The program of a half-made container is ours, and root in a container can reach the program of any process it sees.
#define _GNU_SOURCE
#include "interpreter.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static _Noreturn void die(const char *what) {
  perror(what);
  exit(1);
}

// Runs from a sealed copy in memory, so that nothing in a container can ever write to the program (CVE-2019-5736).
void seal(char **argv) {
  AUTO_CLOSE int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0) die("/proc/self/exe");
  if (fcntl(self, F_GET_SEALS) > 0) return;
  int copy = memfd_create("gantry-launcher", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  struct stat info;
  if (copy < 0 || fstat(self, &info)) die("memfd");
  for (off_t left = info.st_size; left > 0;) {
    ssize_t n = sendfile(copy, self, NULL, (size_t)left);
    if (n <= 0) die("sendfile");
    left -= n;
  }
  if (fchmod(copy, 0500) || fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) die("seal");
  fexecve(copy, argv, environ);
  die("exec of the sealed copy");
}
