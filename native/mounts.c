// Mounts, made by descriptor. Every path inside the container is resolved with openat2(RESOLVE_IN_ROOT) on the
// root's descriptor and then used through that descriptor, so that a symlink in an image, or one exchanged while
// we work, cannot lead anywhere else.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define STAGING "/m" // in the launcher's own mount namespace
#define MOUNT_NO_FOLLOW 0x10000
#define ATTACH_NO_FOLLOW (1ull << 32) // among the attributes, of which the kernel has 32

int open_below(int root, const char *path, int flags) {
  struct open_how how = {
      .flags = (uint64_t)(flags | O_CLOEXEC),
      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
  };
  return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

int in_root(struct machine *machine, const char *path, int flags) {
  return open_below(machine->root, path, flags);
}

// Opens a folder below an O_PATH folder, made with its missing parents; existing ones are left as they are.
int make_below(int root, const char *path, mode_t mode) {
  int whole = open_below(root, path, O_PATH | O_DIRECTORY);
  if (whole >= 0 || errno != ENOENT) return whole;
  char prefix[4096];
  size_t length = strlen(path);
  if (length >= sizeof prefix) return errno = ENAMETOOLONG, -1;
  AUTO_CLOSE int parent = open_below(root, "/", O_PATH | O_DIRECTORY);
  if (parent < 0) return -1;
  for (size_t i = 0; i < length;) {
    while (path[i] == '/') i++;
    size_t start = i;
    while (i < length && path[i] != '/') i++;
    if (i == start) break;
    char name[256];
    if (i - start >= sizeof name) return errno = ENAMETOOLONG, -1;
    memcpy(name, path + start, i - start);
    name[i - start] = 0;
    memcpy(prefix, path, i);
    prefix[i] = 0;
    int next = open_below(root, prefix, O_PATH | O_DIRECTORY);
    if (next < 0 && errno == ENOENT && strcmp(name, "..")) {
      if (mkdirat(parent, name, mode)) return -1;
      next = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (next < 0) return -1;
    close(parent);
    parent = next;
  }
  int made = parent;
  parent = -1;
  return made;
}

int make_folder(struct machine *machine, const char *path, mode_t mode) {
  AUTO_CLOSE int folder = make_below(machine->root, path, mode);
  return folder < 0 ? -1 : 0;
}

// The parent folder of a path below the root, made where missing; the last component in `name`.
int open_parent(struct machine *machine, const char *path, char name[256]) {
  char parent[4096];
  const char *slash = strrchr(path, '/');
  const char *last = slash ? slash + 1 : path;
  size_t length = slash ? (size_t)(slash - path) : 0;
  if (length >= sizeof parent || strlen(last) >= 256) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (!*last || !strcmp(last, ".") || !strcmp(last, "..")) {
    errno = EINVAL;
    return -1;
  }
  memcpy(parent, path, length);
  parent[length] = 0;
  strcpy(name, last);
  return make_below(machine->root, length ? parent : "/", 0755);
}

static int enter_root(struct machine *machine) {
  int root = open(STAGING, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return -1;
  machine->root = root;
  return 0;
}

int mount_overlay(struct machine *machine, const char *options, unsigned long flags) {
  if (mount("overlay", STAGING, "overlay", flags, options)) return -1;
  return enter_root(machine);
}

int mount_root_tree(struct machine *machine, int tree) {
  if (move_mount(tree, "", AT_FDCWD, STAGING, MOVE_MOUNT_F_EMPTY_PATH)) return -1;
  return enter_root(machine);
}

// fsconfig for each of "a=b,c": a value may not hold a comma, which no option of ours does.
static int configure(int context, const char *options) {
  char buffer[2048];
  if (strlen(options) >= sizeof buffer) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(buffer, options);
  char *rest = buffer;
  for (char *option; (option = strsep(&rest, ","));) {
    if (!*option) continue;
    char *value = strchr(option, '=');
    if (value) *value++ = 0;
    if (fsconfig(context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, option, value, 0)) return -1;
  }
  return 0;
}

// A new file system as a detached mount.
int new_tree(const char *type, const char *source, const char *options, uint64_t attributes) {
  AUTO_CLOSE int context = fsopen(type, FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  if (*source && fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0)) return -1;
  if (configure(context, options)) return -1;
  if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) return -1;
  return fsmount(context, FSMOUNT_CLOEXEC, (unsigned)attributes);
}

// OP_MOUNT: file system type, source, options, attributes, target, mode
int mount_new(struct machine *machine, const struct operation *operation) {
  const char *type = text(operation, 0), *source = text(operation, 1), *target = text(operation, 4);
  AUTO_CLOSE int tree = new_tree(type, source, text(operation, 2), (uint64_t)integer(operation, 3));
  if (tree < 0) return -1;
  int64_t mode = integer(operation, 5);
  // /proc, /sys and /dev must be folders: an image that makes them symlinks is refused (CVE-2019-19921).
  int how = O_PATH | O_DIRECTORY | (mode & MOUNT_NO_FOLLOW ? O_NOFOLLOW : 0);
  AUTO_CLOSE int place = in_root(machine, target, how);
  if (place < 0 && errno == ENOENT) {
    if (make_folder(machine, target, (mode_t)(mode & 07777))) return -1;
    place = in_root(machine, target, how);
  }
  if (place < 0) return -1;
  return move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int use_mounts(struct machine *machine, bool host) {
  if (machine->in_host_mounts == host) return 0;
  if (setns(host ? machine->host_mounts : machine->own_mounts, CLONE_NEWNS)) return -1;
  machine->in_host_mounts = host;
  return 0;
}

int host_tree(struct machine *machine, int to, const char *path, bool recursive, bool make) {
  if (use_mounts(machine, true)) return -1;
  if (make) {
    AUTO_CLOSE int host_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO_CLOSE int there = open(path, O_PATH | O_CLOEXEC);
    if (there < 0 && errno != ENOENT) return -1;
    if (there < 0) there = make_below(host_root, path, 0755);
    if (there < 0) return -1;
  }
  int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0));
  if (tree < 0) return -1;
  return set_slot(machine, to, tree);
}

static int set_attributes(int tree, uint64_t attributes) {
  struct mount_attr change = {.attr_set = attributes, .propagation = MS_PRIVATE};
  return mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change);
}

// A place of the same kind (folder or file) as the tree's root, made where missing.
int place_for(struct machine *machine, int tree, const char *target, bool follow) {
  struct stat info;
  if (fstat(tree, &info)) return -1;
  if (!follow) {
    int place = in_root(machine, target, O_PATH | O_NOFOLLOW | (S_ISDIR(info.st_mode) ? O_DIRECTORY : 0));
    if (place >= 0 || errno != ENOENT) return place;
  }
  if (S_ISDIR(info.st_mode)) return make_below(machine->root, target, 0755);
  int place = in_root(machine, target, O_PATH);
  if (place >= 0 || errno != ENOENT) return place;
  char name[256];
  AUTO_CLOSE int parent = open_parent(machine, target, name);
  if (parent < 0) return -1;
  AUTO_CLOSE int made = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (made < 0) return -1;
  return openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int attach_tree(struct machine *machine, int tree, const char *target, uint64_t attributes) {
  if (set_attributes(tree, attributes & ~ATTACH_NO_FOLLOW)) return -1;
  AUTO_CLOSE int place = place_for(machine, tree, target, !(attributes & ATTACH_NO_FOLLOW));
  if (place < 0) return -1;
  return move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

// Of a file by itself, to be attached elsewhere. Only what the plan has put there: links are not followed.
int tree_below(struct machine *machine, const char *path) {
  AUTO_CLOSE int place = in_root(machine, path, O_PATH | O_NOFOLLOW);
  if (place < 0) return -1;
  return open_tree(place, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
}

int make_device(struct machine *machine, const struct operation *operation) {
  char name[256];
  AUTO_CLOSE int parent = open_parent(machine, text(operation, 0), name);
  if (parent < 0) return -1;
  mode_t mode = (mode_t)integer(operation, 1);
  dev_t number = makedev((unsigned)integer(operation, 2), (unsigned)integer(operation, 3));
  struct stat there;
  if (mknodat(parent, name, mode, number)) {
    // A root filesystem of somebody's own may have it already; anything else in its place is left alone and refused.
    if (errno != EEXIST || fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW)) return -1;
    return there.st_rdev == number && !((there.st_mode ^ mode) & S_IFMT) ? 0 : (errno = EEXIST, -1);
  }
  return fchmodat(parent, name, mode & 07777, 0); // mknod is subject to the umask
}

int make_symlink(struct machine *machine, const char *target, const char *path) {
  char name[256];
  AUTO_CLOSE int parent = open_parent(machine, path, name);
  if (parent < 0) return -1;
  return symlinkat(target, parent, name) && errno != EEXIST ? -1 : 0;
}

// Files are hidden behind /dev/null, and only behind the real one (CVE-2025-31133); folders behind an empty
// read-only tmpfs.
int mask_path(struct machine *machine, const char *path) {
  AUTO_CLOSE int place = in_root(machine, path, O_PATH);
  if (place < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
  struct stat info;
  if (fstat(place, &info)) return -1;
  AUTO_CLOSE int tree = -1;
  if (S_ISDIR(info.st_mode)) {
    tree = new_tree("tmpfs", "", "size=0,nr_inodes=2,mode=755",
                    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  } else {
    if (machine->null_device < 0) {
      AUTO_CLOSE int null_device = in_root(machine, "/dev/null", O_PATH | O_NOFOLLOW);
      struct stat device;
      if (null_device < 0 || fstat(null_device, &device)) return -1;
      if (!S_ISCHR(device.st_mode) || device.st_rdev != makedev(1, 3)) {
        errno = ENODEV;
        return -1;
      }
      machine->null_device = dup(null_device);
    }
    tree = open_tree(machine->null_device, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  }
  if (tree < 0) return -1;
  return move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int make_read_only(struct machine *machine, const char *path) {
  AUTO_CLOSE int place = in_root(machine, path, O_PATH);
  if (place < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
  AUTO_CLOSE int tree = open_tree(place, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
  if (tree < 0) return -1;
  struct mount_attr change = {.attr_set = MOUNT_ATTR_RDONLY};
  if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change)) return -1;
  return move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

// pivot_root(2) onto itself: the old root ends up mounted over the new one and is then taken off.
int pivot(struct machine *machine, bool read_only) {
  if (read_only) {
    struct mount_attr change = {.attr_set = MOUNT_ATTR_RDONLY};
    if (mount_setattr(machine->root, "", AT_EMPTY_PATH, &change, sizeof change)) return -1;
  }
  if (fchdir(machine->root)) return -1;
  if (syscall(SYS_pivot_root, ".", ".")) return -1;
  if (umount2(".", MNT_DETACH)) return -1;
  return chdir("/");
}
