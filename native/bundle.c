// What only OCI bundles ask of mounts: a root wherever it lies on the host, bind mounts with propagation and attributes.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

// OP_ROOT_AT, in the child. The mounts it was born with are its own copies: none of them shall tell the host's of what
// is done, and pivot_root(2) refuses shared ones. Over its own place, hooks find the root by its path (createRuntime).
int root_at(struct machine *machine, int tree, const char *path) {
  if (tree < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return -1;
  if (move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH)) {
    // Root of a user namespace may not get there; over / is as good to everybody but such a hook.
    if (errno != EACCES || move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH)) return -1;
  }
  machine->root = fcntl(tree, F_DUPFD_CLOEXEC, 0);
  return machine->root < 0 ? -1 : 0;
}

static int change(int mount, int64_t set, int64_t clear, int64_t propagation, int64_t recursive) {
  struct mount_attr attributes = {
      .attr_set = (uint64_t)set, .attr_clr = (uint64_t)clear, .propagation = (uint64_t)propagation};
  return mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes, sizeof attributes);
}

// OP_ATTACH_AS
int attach_as(struct machine *machine, const struct operation *o) {
  int tree = slot(machine, integer(o, 0));
  if (tree < 0 || change(tree, integer(o, 2), integer(o, 3), 0, integer(o, 5) & 1)) return -1;
  if (integer(o, 4) && change(tree, 0, 0, integer(o, 4), integer(o, 5) & 2)) return -1;
  AUTO_CLOSE int place = place_for(machine, tree, text(o, 1), true);
  return place < 0 ? -1 : move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

// OP_MOUNT_SET
int set_mount(struct machine *machine, const struct operation *o) {
  AUTO_CLOSE int there = in_root(machine, text(o, 0), O_PATH);
  return there < 0 ? -1 : change(there, integer(o, 1), integer(o, 2), integer(o, 3), integer(o, 4));
}

// Bare copies of /proc and /sys would stay reachable by a process that makes a user namespace and leaves the chroot.
static int unmount_bare(struct machine *machine, const char *type, const char *root) {
  int fd = openat(slot(machine, 0), "self/mountinfo", O_RDONLY | O_CLOEXEC);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
  if (!file) return -1;
  static char list[64][4096];
  int count = 0;
  char line[8192];
  while (fgets(line, sizeof line, file) && count < 64) {
    char kind[64] = "";
    const char *dash = strstr(line, " - ");
    if (dash && sscanf(dash, " - %63s", kind) == 1 && !strcmp(kind, type) &&
        sscanf(line, "%*s %*s %*s %*s %4095s", list[count]) == 1 && strncmp(list[count], root, strlen(root)))
      count++;
  }
  fclose(file);
  while (count-- > 0)
    if (umount2(list[count], MNT_DETACH) && errno != EINVAL && errno != ENOENT &&
        mount("tmpfs", list[count], "tmpfs", 0, "size=0"))
      return -1;
  return 0;
}

// OP_MOVE_ROOT: for roots on a ramfs, where pivot_root(2) is not to be had.
int move_root(struct machine *machine, bool read_only, const char *path) {
  if (unmount_bare(machine, "proc", path) || unmount_bare(machine, "sysfs", path)) return -1;
  if (read_only && change(machine->root, MOUNT_ATTR_RDONLY, 0, 0, 0)) return -1;
  if (fchdir(machine->root)) return -1;
  if (mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".")) return -1;
  return chdir("/");
}
