// The interpreter: one case for each operation, in the order of the plan.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int slot(struct machine *machine, int64_t number) {
  if (number < 0 || number >= SLOT_COUNT || machine->slots[number] < 0) return errno = EBADF, -1;
  return machine->slots[number];
}

int set_slot(struct machine *machine, int64_t number, int fd) {
  if (number < 0 || number >= SLOT_COUNT) {
    close(fd);
    return errno = EBADF, -1;
  }
  close_quietly(&machine->slots[number]);
  machine->slots[number] = fd;
  return 0;
}

static int write_at(int folder, const char *path, int flags, mode_t mode, const void *bytes, size_t length) {
  if (folder < 0) return -1;
  AUTO_CLOSE int fd = openat(folder, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, mode);
  if (fd < 0) return -1;
  ssize_t n = write(fd, bytes, length);
  return n == (ssize_t)length ? 0 : -1;
}

// A cgroup stays busy for a moment after its last process is gone.
static int remove_folder(int folder, const char *path) {
  for (int tries = 0; folder >= 0 && tries < 200; tries++) {
    if (!unlinkat(folder, path, AT_REMOVEDIR) || errno == ENOENT) return 0;
    if (errno != EBUSY) break;
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  }
  return -1;
}

// Of the child, where its parent does this: in a user namespace of its own it could raise none itself.
static int set_limit(pid_t child, int resource, rlim_t soft, rlim_t hard) {
  struct rlimit limit = {soft, hard}, now;
  if (!prlimit(child, (__rlimit_resource_t)resource, &limit, NULL)) return 0;
  if (errno != EPERM || prlimit(child, (__rlimit_resource_t)resource, NULL, &now)) return -1;
  // Raising a hard limit needs CAP_SYS_RESOURCE: without it, as much as there is.
  if (limit.rlim_max > now.rlim_max) limit.rlim_max = now.rlim_max;
  if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  return prlimit(child, (__rlimit_resource_t)resource, &limit, NULL);
}

static int talk(struct machine *machine, const struct operation *operation) {
  uint32_t pid = (uint32_t)machine->child;
  const struct argument *messages = &operation->arguments[1];
  if (integer(operation, 0) == NETLINK_HOST)
    return netlink_talk(machine->host_network, messages->data, messages->length, integer(operation, 2), pid);
  AUTO_CLOSE int socket = open_netlink();
  if (socket < 0) return -1;
  return netlink_talk(socket, messages->data, messages->length, integer(operation, 2), pid);
}

static int configure_shim(struct machine *machine, const struct operation *operation) {
  int folder = slot(machine, integer(operation, 0));
  if (folder < 0) return -1;
  struct shim_options *shim = &machine->shim;
  if (operation->code == OP_SHIM) {
    if (operation->arguments[2].length >= sizeof shim->id) return errno = EINVAL, -1;
    strcpy(shim->id, text(operation, 2));
    shim->folder = openat(folder, text(operation, 1), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return shim->folder < 0 ? -1 : 0;
  }
  if (operation->code == OP_JOURNAL) {
    shim->journal_bytes = integer(operation, 2);
    shim->journal_files = integer(operation, 3);
    shim->journal = openat(folder, text(operation, 1), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return shim->journal < 0 ? -1 : 0;
  }
  if (operation->arguments[1].length >= sizeof shim->oom_path) return errno = EINVAL, -1;
  shim->oom_slot = (int)integer(operation, 0);
  strcpy(shim->oom_path, text(operation, 1));
  return 0;
}

// The terminal is the container's own, so it is opened inside: its master comes over a socket that the child inherits.
static int configure_stdio(struct machine *machine, const struct operation *operation) {
  struct shim_options *shim = &machine->shim;
  shim->stdin_open = integer(operation, 0) != 0;
  shim->stdin_once = integer(operation, 1) != 0;
  shim->expected = integer(operation, 3) != 0;
  if (integer(operation, 2) < 0) return 0;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) return -1;
  shim->console = ends[0];
  return set_slot(machine, integer(operation, 2), ends[1]);
}

static int hand_over(struct machine *machine, bool wake) {
  char byte = 1;
  ssize_t n;
  do n = wake ? write(machine->wake, &byte, 1) : read(machine->await, &byte, 1);
  while (n < 0 && errno == EINTR);
  if (n == 0) errno = ECANCELED; // the other side gave up
  return n == 1 ? 0 : -1;
}

static int write_pid(struct machine *machine, const struct operation *operation) {
  char digits[16];
  int length = snprintf(digits, sizeof digits, "%d", machine->child);
  return write_at(slot(machine, integer(operation, 0)), text(operation, 1), 0, 0, digits, (size_t)length);
}

static int join_target(struct machine *machine, int flags) {
  AUTO_CLOSE int target = (int)syscall(SYS_pidfd_open, machine->target, 0);
  return target < 0 ? -1 : setns(target, flags);
}

static int enter_folder(const char *path, bool make) {
  AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return -1;
  AUTO_CLOSE int folder = make ? make_below(root, path, 0755) : open_below(root, path, O_PATH | O_DIRECTORY);
  return folder < 0 ? -1 : fchdir(folder);
}

// OP_CHDIR. The process is inside by now, and the path is somebody else's: no link of /proc may lead it to what we still
// hold of the host (CVE-2024-21626). Nothing after it needs that either, so it goes: the programs and databases that are
// looked up next are found by the same kind of path. Docker makes a missing working directory too.
static int change_folder(struct machine *machine, const char *path, bool make) {
  return enter_folder(path, make) ? -1 : let_go(machine);
}

static int open_into_slot(struct machine *machine, const struct operation *operation) {
  int folder = slot(machine, integer(operation, 1));
  if (folder < 0) return -1;
  int fd = openat(folder, text(operation, 2), (int)integer(operation, 3) | O_CLOEXEC);
  return fd < 0 ? -1 : set_slot(machine, integer(operation, 0), fd);
}

// ext4 looks for a free inode among those of the folder's block group, and passes over what was deleted in the last
// minutes one by one. Folders marked as tops of hierarchies get a group each (chattr(1), attribute T).
static int spread(int folder, const char *path) {
  if (folder < 0) return -1;
  AUTO_CLOSE int fd = openat(folder, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int flags;
  if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags)) return -1;
  flags |= FS_TOPDIR_FL;
  return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

int run_operation(struct machine *m, const struct operation *o) {
  // Host paths are looked at in one run of operations; everything else belongs to our own mount namespace.
  if (o->code != OP_HOST_TREE && m->in_host_mounts && use_mounts(m, false)) return -1;
  switch (o->code) {
  case OP_MKDIR: {
    int folder = slot(m, integer(o, 0));
    if (folder < 0) return -1;
    return mkdirat(folder, text(o, 1), (mode_t)integer(o, 2)) && !(errno == EEXIST && integer(o, 3)) ? -1 : 0;
  }
  case OP_WRITE:
    return write_at(slot(m, integer(o, 0)), text(o, 1), 0, 0, o->arguments[2].data, o->arguments[2].length);
  case OP_CREATE:
    return write_at(slot(m, integer(o, 0)), text(o, 1), O_CREAT | O_TRUNC, (mode_t)integer(o, 2),
                    o->arguments[3].data, o->arguments[3].length);
  case OP_OPEN: return open_into_slot(m, o);
  case OP_RMDIR: return remove_folder(slot(m, integer(o, 0)), text(o, 1));
  case OP_UNLINK: {
    int folder = slot(m, integer(o, 0));
    return folder < 0 || (unlinkat(folder, text(o, 1), 0) && errno != ENOENT) ? -1 : 0;
  }
  case OP_NETLINK: return talk(m, o);
  case OP_HOST_TREE: return host_tree(m, (int)integer(o, 0), text(o, 1), integer(o, 2) != 0, integer(o, 3) != 0);
  case OP_WRITE_PID: return write_pid(m, o);
  case OP_SHIM:
  case OP_JOURNAL:
  case OP_OOM_FILE: return configure_shim(m, o);
  case OP_STDIO: return configure_stdio(m, o);
  case OP_SIGNAL: return hand_over(m, true);
  case OP_WAIT: return hand_over(m, false);
  case OP_OVERLAY: return mount_overlay(m, text(o, 0), (unsigned long)integer(o, 1));
  case OP_ROOT_TREE: {
    int tree = slot(m, integer(o, 0));
    return tree < 0 ? -1 : mount_root_tree(m, tree);
  }
  case OP_MOUNT: return mount_new(m, o);
  case OP_ATTACH: {
    int tree = slot(m, integer(o, 0));
    return tree < 0 ? -1 : attach_tree(m, tree, text(o, 1), (uint64_t)integer(o, 2));
  }
  case OP_DEVICE: return make_device(m, o);
  case OP_SYMLINK: return make_symlink(m, text(o, 0), text(o, 1));
  case OP_MKDIR_IN: return make_folder(m, text(o, 0), (mode_t)integer(o, 1));
  case OP_MASK: return mask_path(m, text(o, 0));
  case OP_READ_ONLY: return make_read_only(m, text(o, 0));
  case OP_PIVOT: return pivot(m, integer(o, 0) != 0);
  case OP_HOSTNAME: return sethostname(text(o, 0), o->arguments[0].length);
  case OP_RLIMIT: return set_limit(m->child, (int)integer(o, 0), (rlim_t)integer(o, 1), (rlim_t)integer(o, 2));
  case OP_UNSHARE: return unshare((int)integer(o, 0));
  case OP_USER: return become_user(text(o, 0), text(o, 1));
  case OP_CAPABILITIES: return set_capabilities(o);
  case OP_NO_NEW_PRIVILEGES: return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  case OP_SECCOMP: return set_seccomp(o);
  case OP_CHDIR: return change_folder(m, text(o, 0), integer(o, 1) != 0);
  case OP_INIT: return become_init(m);
  case OP_EXEC: return execute(m, o);
  case OP_SETNS: return join_target(m, (int)integer(o, 0));
  case OP_TERMINAL: return open_terminal(m, (uint32_t)integer(o, 0), (uint32_t)integer(o, 1));
  case OP_PROCESS: return open_process(m, integer(o, 0), (pid_t)integer(o, 1), (unsigned long long)integer(o, 2));
  case OP_JOIN: return join_process(m, integer(o, 0), (int)integer(o, 1));
  case OP_TREE_OF: return tree_of(m, integer(o, 0), integer(o, 1), text(o, 2));
  case OP_OWNER: return set_owner(m, text(o, 0), (uid_t)integer(o, 1), (gid_t)integer(o, 2));
  case OP_DEVICE_FILTER: return filter_devices(m, o);
  case OP_KILL_ALL: return kill_all(slot(m, integer(o, 0)), text(o, 1));
  case OP_USER_NAMESPACE: return open_user_namespace(m, integer(o, 0));
  case OP_MAP_IDS: return map_ids(m, slot(m, integer(o, 0)), slot(m, integer(o, 1)), integer(o, 2));
  case OP_OWN_TREE: return own_tree(m, integer(o, 0), text(o, 1));
  case OP_FILE_SYSTEM: return open_file_system(m, integer(o, 0), text(o, 1));
  case OP_LAYERS: return configure_layers(m, o);
  case OP_NEW_ROOT: return mount_created(m, slot(m, integer(o, 0)), (uint64_t)integer(o, 1));
  case OP_NEW_TREE: {
    int tree = new_tree(text(o, 1), text(o, 2), text(o, 3), (uint64_t)integer(o, 4));
    return tree < 0 ? -1 : set_slot(m, integer(o, 0), tree);
  }
  case OP_BELOW: return (m->root = slot(m, integer(o, 0))) < 0 ? -1 : 0;
  case OP_BECOME: return become((uid_t)integer(o, 0), (gid_t)integer(o, 1));
  case OP_OWN_STDIO: return own_stdio(m, (uid_t)integer(o, 0), (gid_t)integer(o, 1));
  case OP_OWN_FOLDER:
    return own_folder(slot(m, integer(o, 0)), text(o, 1), (uid_t)integer(o, 2), (gid_t)integer(o, 3));
  case OP_WRITE_OF: return write_of_child(m, text(o, 0), o->arguments[1].data, o->arguments[1].length);
  case OP_TREE_BELOW: {
    int tree = tree_below(m, text(o, 1));
    return tree < 0 ? -1 : set_slot(m, integer(o, 0), tree);
  }
  case OP_SPREAD: return spread(slot(m, integer(o, 0)), text(o, 1));
  case OP_DOMAIN_NAME: return setdomainname(text(o, 0), o->arguments[0].length);
  case OP_ROOT_AT: return root_at(m, slot(m, integer(o, 0)), text(o, 1));
  case OP_ATTACH_AS: return attach_as(m, o);
  case OP_MOUNT_SET: return set_mount(m, o);
  case OP_HOOK: return run_hook(m, o);
  case OP_LISTEN: return listen_for_start(m, slot(m, integer(o, 0)), text(o, 1));
  case OP_AWAIT_START: return await_start(m);
  case OP_CONNECT: {
    int fd = connect_to(text(o, 1));
    return fd < 0 ? -1 : set_slot(m, integer(o, 0), fd);
  }
  case OP_CONSOLE: return open_console(m, o);
  case OP_FIND: return find_program(text(o, 0), text(o, 1));
  case OP_FILTER: return set_filter(m, o);
  case OP_MOVE_ROOT: return move_root(m, integer(o, 0) != 0, text(o, 1));
  case OP_UMASK: umask((mode_t)integer(o, 0)); return 0;
  default: return errno = ENOSYS, -1; // markers, and operations out of their place
  }
}

// The string that says best what an operation was about: its last short one.
static void describe(const struct operation *operation, char about[160]) {
  static const uint8_t SUBJECT[] = {
      [OP_MKDIR] = 1, [OP_WRITE] = 1, [OP_CREATE] = 1, [OP_OPEN] = 2, [OP_RMDIR] = 1, [OP_UNLINK] = 1,
      [OP_HOST_TREE] = 1, [OP_WRITE_PID] = 1, [OP_SHIM] = 1, [OP_JOURNAL] = 1, [OP_MOUNT] = 4, [OP_ATTACH] = 1,
      [OP_SYMLINK] = 1, [OP_TREE_OF] = 2, [OP_DEVICE_FILTER] = 1, [OP_KILL_ALL] = 1,
      [OP_OWN_TREE] = 1, [OP_FILE_SYSTEM] = 1, [OP_NEW_TREE] = 1, [OP_OWN_FOLDER] = 1, [OP_TREE_BELOW] = 1,
      [OP_ROOT_AT] = 1, [OP_ATTACH_AS] = 1, [OP_LISTEN] = 1, [OP_CONNECT] = 1,
  };
  const char *subject = "";
  if (operation->code < sizeof SUBJECT && SUBJECT[operation->code]) subject = text(operation, SUBJECT[operation->code]);
  if (operation->code == OP_DEVICE || operation->code == OP_MKDIR_IN || operation->code == OP_MASK ||
      operation->code == OP_READ_ONLY || operation->code == OP_CHDIR || operation->code == OP_USER ||
      operation->code == OP_OVERLAY || operation->code == OP_OWNER || operation->code == OP_WRITE_OF ||
      operation->code == OP_EXEC || operation->code == OP_MOUNT_SET || operation->code == OP_HOOK ||
      operation->code == OP_FIND)
    subject = text(operation, 0);
  const char *more = operation->code == OP_USER ? text(operation, 1) : ""; // further groups
  snprintf(about, 160, "%s %s%s%s", operation_name(operation->code), subject, *subject && *more ? " " : "", more);
}

int run_operations(struct machine *machine, const struct plan *plan, uint32_t from, uint32_t to, struct failure *failure) {
  for (uint32_t i = from; i < to; i++) {
    if (!run_operation(machine, &plan->operations[i])) continue;
    *failure = (struct failure){.operation = i, .error = errno};
    describe(&plan->operations[i], failure->about);
    if (*machine->remark) {
      size_t length = strlen(failure->about);
      snprintf(failure->about + length, sizeof failure->about - length, ": %s", machine->remark);
    }
    return -1;
  }
  return 0;
}

uint32_t find_operation(const struct plan *plan, uint32_t from, uint16_t code) {
  while (from < plan->count && plan->operations[from].code != code) from++;
  return from;
}
