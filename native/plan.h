// A launch plan: a flat list of operations, compiled by TypeScript, carried out here. See docs/launch-plan.md.
#ifndef GANTRY_PLAN_H
#define GANTRY_PLAN_H
#include <stddef.h>
#include <stdint.h>

#define PLAN_MAX_BYTES (1u << 20)
#define PLAN_MAX_OPERATIONS 2048
#define PLAN_MAX_ARGUMENTS 8

// The numbers are the wire format: never renumber, only add.
enum opcode {
  OP_MKDIR = 1,       // slot, path, mode, may-exist: a folder below a slot's folder
  OP_WRITE = 2,       // slot, path, bytes: one write to an existing file
  OP_CREATE = 3,      // slot, path, mode, bytes: a new or emptied file
  OP_OPEN = 4,        // to-slot, slot, path, flags
  OP_RMDIR = 5,       // slot, path: missing is fine, busy is retried
  OP_UNLINK = 6,      // slot, path: missing is fine
  OP_NETLINK = 7,     // namespace (0 host, 1 own), messages, offset of the child's pid in them or -1
  OP_HOST_TREE = 8,   // to-slot, path, recursive, make: a detached copy of a mount of the host's
  OP_WRITE_PID = 9,   // slot, path: the child's pid into a file (cgroup.procs)
  OP_SHIM = 10,       // slot, folder, container id: where the control socket and the exit status go
  OP_JOURNAL = 11,    // slot, folder, bytes per file, files: where stdout and stderr go
  OP_OOM_FILE = 12,   // slot, path: a file with a line "oom_kill N", read at exit
  OP_CLONE = 13,      // flags, slot of a v2 cgroup or -1, uid map, gid map: what follows runs in the parent
  OP_CHILD = 14,      // marker: what follows runs in the child
  OP_EXIT = 15,       // marker: what follows runs in the shim once the child is gone
  OP_SIGNAL = 16,     // wake the other side
  OP_WAIT = 17,       // wait for the other side
  OP_OVERLAY = 20,    // mount options, mount flags: becomes the root
  OP_ROOT_TREE = 21,  // slot: a detached mount becomes the root
  OP_MOUNT = 22,      // file system type, source, options "a=b,c", mount attributes, target, mode
  OP_ATTACH = 23,     // slot of a detached mount, target, mount attributes: make the target, mount there
  OP_DEVICE = 24,     // path, mode with type, major, minor
  OP_SYMLINK = 25,    // target, path
  OP_MKDIR_IN = 26,   // path, mode: in the root
  OP_MASK = 27,       // path: hidden if it exists
  OP_READ_ONLY = 28,  // path: read-only if it exists
  OP_PIVOT = 29,      // read-only: the root becomes /
  OP_HOSTNAME = 30,   // name
  OP_RLIMIT = 31,     // resource, soft, hard: capped at the present hard limit
  OP_UNSHARE = 32,    // flags
  OP_USER = 33,       // "user[:group]" by name or number, extra groups (comma-separated)
  OP_CAPABILITIES = 34, // bounding, effective, permitted, inheritable, ambient
  OP_NO_NEW_PRIVILEGES = 35,
  OP_SECCOMP = 36,    // sock_filter array
  OP_CHDIR = 37,      // path, make
  OP_INIT = 38,       // stay as a reaping init, go on in a child
  OP_EXEC = 39,       // argv, environment: each string ends in NUL
  OP_SETNS = 40,      // flags: into the namespaces of the container's first process
  OP_UMASK = 41,      // mask
  OP_PROCESS = 42,    // to-slot, pid, start time: a descriptor of a process of another container
  OP_JOIN = 43,       // slot of a process (-1: this one's own pid namespace), flags of the namespaces
  OP_TREE_OF = 44,    // to-slot, slot of a process, path: a detached copy of a mount as the process sees it
  OP_OWNER = 45,      // path, uid, gid: of a node in the root
  OP_DEVICE_FILTER = 46, // slot, folder, eBPF instructions: which devices a v2 cgroup may use
  OP_KILL_ALL = 47,   // slot, path of a cgroup.procs: ends every process in it
  OP_USER_NAMESPACE = 50, // to-slot: the child's
  OP_MAP_IDS = 51,    // slot of a detached mount, slot of a user namespace, number of a mount that may stay unmapped or -1
  OP_OWN_TREE = 52,   // to-slot, path: a detached copy of a mount of the launcher's own
  OP_FILE_SYSTEM = 53, // to-slot, type: opened here, created by OP_LAYERS, mounted by OP_NEW_ROOT
  OP_LAYERS = 54,     // slot of an overlay, slot of a mount, layers below it (each ends in NUL), upper, work
  OP_NEW_ROOT = 55,   // slot of a created file system, mount attributes: becomes the root
  OP_NEW_TREE = 56,   // to-slot, file system type, source, options "a=b,c", mount attributes: a detached mount
  OP_BELOW = 57,      // slot of a detached mount: what follows makes nodes there, until there is a root
  OP_BECOME = 58,     // uid, gid: in the child's user namespace
  OP_OWN_STDIO = 59,  // uid, gid: of the child's pipes or terminal
  OP_TERMINAL = 60,   // rows, columns (0 = unknown): a new terminal of the container's devpts becomes the stdio
  OP_OWN_FOLDER = 61, // slot, path, uid, gid: unless it has an owner already
  OP_WRITE_OF = 62,   // file, bytes: one write to a file in the child's folder in /proc
  OP_DOMAIN_NAME = 63, // name
  OP_TREE_BELOW = 65, // to-slot, path below the root: a copy of the mount that is there, of this one file
  OP_SPREAD = 64,     // slot, path: folders made in it are not placed near each other on the disk
  OP_STDIO = 77,      // input kept open, it ends with its first client, terminal's slot or -1, somebody will attach
  // From here on for OCI bundles.
  OP_ROOT_AT = 66,    // slot of a detached mount, host path: becomes the root there, if this process may go there
  OP_ATTACH_AS = 67,  // slot, target, attributes set, attributes cleared, propagation, recursive: like OP_ATTACH
  OP_MOUNT_SET = 68,  // path, attributes set, attributes cleared, propagation, recursive: of the mount at a path in the root
  OP_HOOK = 69,       // path and arguments, environment, stdin with room for the pid, seconds or 0
  OP_LISTEN = 70,     // slot, name: a socket that OP_AWAIT_START waits on
  OP_AWAIT_START = 71, // the container is created; goes on when somebody connects, who learns what then fails
  OP_CONNECT = 72,    // to-slot, path: a unix stream socket
  OP_CONSOLE = 73,    // slot of a unix socket, rows, columns: a terminal of the root's devpts; its master goes there
  OP_FIND = 74,       // program, PATH: is there, and can be executed
  OP_FILTER = 75,     // flags, sock_filter array, slot of a unix socket or -1, message with room for the pid
  OP_MOVE_ROOT = 76,  // read-only, host path of the root: the root becomes / without pivot_root(2)
};

struct argument {
  const uint8_t *data; // always followed by a NUL
  uint32_t length;
};

struct operation {
  uint16_t code;
  uint16_t count;
  struct argument arguments[PLAN_MAX_ARGUMENTS];
};

struct plan {
  uint32_t count;
  struct operation operations[PLAN_MAX_OPERATIONS];
};

// Fills `plan` with pointers into `bytes`. Returns NULL, or what is malformed.
const char *plan_decode(const uint8_t *bytes, size_t length, struct plan *plan);

const char *operation_name(uint16_t code);

static inline int64_t integer(const struct operation *operation, int index) {
  int64_t value;
  __builtin_memcpy(&value, operation->arguments[index].data, sizeof value);
  return value;
}

static inline const char *text(const struct operation *operation, int index) {
  return (const char *)operation->arguments[index].data;
}
#endif
