// A pseudo terminal of the container's own devpts: the process gets one side, its session keeps the other.
#define _GNU_SOURCE
#include "interpreter.h"
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

// OP_TERMINAL, from outside. What lies at the container's /dev is its to choose, so only a ptmx that is on a devpts is
// opened; the other side is asked for by descriptor, never by its path (ioctl_tty(2)).
int open_terminal(struct machine *machine, uint32_t rows, uint32_t columns) {
  char path[32];
  snprintf(path, sizeof path, "%d/root", machine->target);
  AUTO_CLOSE int root = openat(slot(machine, 0), path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return -1;
  AUTO_CLOSE int folder = open_below(root, "/dev/pts", O_PATH | O_DIRECTORY | O_NOFOLLOW);
  struct statfs info;
  if (folder < 0 || fstatfs(folder, &info)) return -1;
  if (info.f_type != DEVPTS_SUPER_MAGIC) return errno = ENODEV, -1;
  int flags = O_RDWR | O_NOCTTY | O_CLOEXEC, unlocked = 0;
  machine->master = openat(folder, "ptmx", flags | O_NOFOLLOW);
  if (machine->master < 0 || ioctl(machine->master, TIOCSPTLCK, &unlocked)) return -1;
  machine->terminal = ioctl(machine->master, TIOCGPTPEER, flags);
  return machine->terminal < 0 ? -1 : resize_terminal(machine->master, rows, columns);
}

int resize_terminal(int master, uint32_t rows, uint32_t columns) {
  if (!rows || !columns || rows > UINT16_MAX || columns > UINT16_MAX) return 0;
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  return ioctl(master, TIOCSWINSZ, &size);
}

int control_terminal(struct machine *machine) {
  if (machine->terminal < 0) return 0;
  for (int i = 0; i < 3; i++)
    if (dup2(machine->terminal, i) < 0) return -1;
  return ioctl(machine->terminal, TIOCSCTTY, 0);
}

void hand_over_stdio(uid_t uid) {
  for (int fd = 0; fd < 3; fd++) {
    struct termios unused;
    struct stat info;
    bool ours = !fstat(fd, &info) && (S_ISFIFO(info.st_mode) || !ioctl(fd, TCGETS, &unused));
    // Best effort, as without it only opening it once more by its name (/dev/stdout) fails.
    if (ours && fchown(fd, uid, (gid_t)-1)) continue;
  }
}
