// A container's user namespace: its maps, the mounts seen through them, and what of the host has to belong to it.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

// A file of the child in /proc, opened by its pid: it is not reaped before its parent says so.
int open_of_child(struct machine *machine, const char *file, int flags) {
  char path[64];
  snprintf(path, sizeof path, "%d/%s", machine->child, file);
  return openat(slot(machine, 0), path, flags | O_CLOEXEC);
}

int write_of_child(struct machine *machine, const char *file, const void *bytes, size_t length) {
  AUTO_CLOSE int fd = open_of_child(machine, file, O_WRONLY);
  return fd >= 0 && write(fd, bytes, length) == (ssize_t)length ? 0 : -1;
}

int open_user_namespace(struct machine *machine, int64_t to) {
  int fd = open_of_child(machine, "ns/user", O_RDONLY);
  return fd < 0 ? -1 : set_slot(machine, to, fd);
}

// Ids on the disk appear as the namespace maps them. `mount` numbers a mount that may also stay as it is, which is then
// said with the answer; -1 is one that must not.
int map_ids(struct machine *machine, int tree, int namespace, int64_t mount) {
  struct mount_attr change = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)namespace};
  if (tree < 0 || namespace < 0) return -1;
  if (!mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change)) return 0;
  // EINVAL: its file system, or one mounted in it, cannot. EPERM: it is mapped already.
  if (mount < 0 || mount >= 64 || (errno != EINVAL && errno != EPERM)) return -1;
  machine->shim.unmapped |= 1ull << mount;
  return 0;
}

// In the child: from the host's root, which the namespace does not know, to an id of the namespace.
int become(uid_t uid, gid_t gid) {
  if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)) return -1;
  // The change of user undid both, see run_child.
  return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? -1 : 0;
}

// The container's root may open its /dev/stdout once more, by name; so may everybody he gives it to.
int own_stdio(struct machine *machine, uid_t uid, gid_t gid) {
  if (machine->terminal >= 0) return fchown(machine->terminal, uid, (gid_t)-1);
  for (int i = 0; i < 3; i++) {
    struct stat info;
    if (fstat(machine->stdio[i], &info)) return -1;
    if (S_ISFIFO(info.st_mode) && fchown(machine->stdio[i], uid, gid)) return -1;
  }
  return 0;
}

// A folder that still is the host's root's was made just now, or by somebody who was killed before he got here.
int own_folder(int folder, const char *path, uid_t uid, gid_t gid) {
  struct stat info;
  if (folder < 0 || fstatat(folder, path, &info, AT_SYMLINK_NOFOLLOW)) return -1;
  return info.st_uid == 0 ? fchownat(folder, path, uid, gid, AT_SYMLINK_NOFOLLOW) : 0;
}
