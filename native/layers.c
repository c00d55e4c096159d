// A root over id-mapped layers. Two processes make it: the parent, as the host's root, creates the file system, and
// the child mounts it, so that the mount is its own from the start.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

// Both processes have the descriptor, opened before the clone: what one configures the other mounts.
int open_file_system(struct machine *machine, int64_t to, const char *type) {
  int context = fsopen(type, FSOPEN_CLOEXEC);
  return context < 0 ? -1 : set_slot(machine, to, context);
}

// A detached copy of a mount of the launcher's own.
int own_tree(struct machine *machine, int64_t to, const char *path) {
  int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  return tree < 0 ? -1 : set_slot(machine, to, tree);
}

static int set_string(int context, const char *key, const char *value) {
  return fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
}

// OP_LAYERS: context, tree, layers, upper, work. The layers' paths are below the tree, topmost first; they are found
// from there as the working directory, since a detached mount has no path of its own.
int configure_layers(struct machine *machine, const struct operation *operation) {
  int context = slot(machine, integer(operation, 0)), tree = slot(machine, integer(operation, 1));
  const struct argument *layers = &operation->arguments[2];
  if (context < 0 || tree < 0 || fchdir(tree)) return -1;
  int broken = set_string(context, "source", "overlay");
  for (uint32_t at = 0; !broken && at < layers->length; at += (uint32_t)strlen((const char *)layers->data + at) + 1)
    broken = set_string(context, "lowerdir+", (const char *)layers->data + at);
  broken = broken || set_string(context, "upperdir", text(operation, 3)) ||
           set_string(context, "workdir", text(operation, 4)) || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
  int error = errno;
  if (chdir("/")) return -1;
  return broken ? (errno = error, -1) : 0;
}

int mount_created(struct machine *machine, int context, uint64_t attributes) {
  if (context < 0) return -1;
  AUTO_CLOSE int tree = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)attributes);
  return tree < 0 ? -1 : mount_root_tree(machine, tree);
}
