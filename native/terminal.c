// A pseudo terminal of the container's own devpts: the process gets one side, its session keeps the other.
#define _GNU_SOURCE
#include "interpreter.h"
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

// What lies at a container's /dev is its to choose, so only a ptmx that is on a devpts is opened; the other side is
// asked for by descriptor, never by its path (ioctl_tty(2)).
static int open_both_sides(struct machine *machine, int root, uint32_t rows, uint32_t columns) {
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

// OP_TERMINAL, from outside.
int open_terminal(struct machine *machine, uint32_t rows, uint32_t columns) {
  char path[32];
  snprintf(path, sizeof path, "%d/root", machine->target);
  AUTO_CLOSE int root = openat(slot(machine, 0), path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return root < 0 ? -1 : open_both_sides(machine, root, rows, columns);
}

// The other side as /dev/console, where there is a root to put it into.
static int mount_console(struct machine *machine) {
  char path[32];
  unsigned number;
  if (ioctl(machine->master, TIOCGPTN, &number)) return -1;
  snprintf(path, sizeof path, "/dev/pts/%u", number);
  AUTO_CLOSE int node = in_root(machine, path, O_PATH | O_NOFOLLOW);
  AUTO_CLOSE int tree = node < 0 ? -1 : open_tree(node, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  AUTO_CLOSE int place = tree < 0 ? -1 : place_for(machine, tree, "/dev/console", false);
  return place < 0 ? -1 : move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

// OP_CONSOLE, from inside: before the root is / it is the container's first process's, and /dev/console.
int open_console(struct machine *machine, const struct operation *operation) {
  int socket = slot(machine, integer(operation, 0));
  AUTO_CLOSE int own = machine->root < 0 ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  int root = machine->root < 0 ? own : machine->root;
  if (socket < 0 || root < 0) return -1;
  if (open_both_sides(machine, root, (uint32_t)integer(operation, 1), (uint32_t)integer(operation, 2))) return -1;
  if (machine->root >= 0 && mount_console(machine)) return -1;
  static const char name[] = "/dev/ptmx";
  if (send_descriptor(socket, machine->master, name, sizeof name - 1)) return -1;
  return control_terminal(machine);
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
