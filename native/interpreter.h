// The interpreter's state: descriptors in numbered slots, and who else takes part.
#ifndef GANTRY_INTERPRETER_H
#define GANTRY_INTERPRETER_H
#include "plan.h"
#include "wire.h"
#include <stdbool.h>
#include <sys/types.h>

#define SLOT_COUNT 256
#define NETLINK_HOST 0
#define SLOT_AGENT 254 // where OP_CONNECT puts what OP_FILTER sends to; kept when all else is let go

struct shim_options {
  int folder;           // slot's folder opened at the container's own run folder, -1 without a shim
  char id[80];
  int journal;          // the log's folder, -1: output is thrown away
  int64_t journal_bytes;
  int64_t journal_files;
  int oom_slot;
  char oom_path[256];
  bool stdin_open;      // input is kept open; it ends with the first client that had it where `stdin_once`
  bool stdin_once;
  bool expected;        // somebody will attach
  int console;          // where the master of a terminal arrives, -1 without one
  uint64_t unmapped;    // numbers of the mounts whose ids could not be mapped, a bit for each
};

struct machine {
  int slots[SLOT_COUNT];
  int host_mounts;      // the host's mount namespace
  int own_mounts;       // the launcher's
  int host_network;     // netlink socket opened in the host's network namespace
  bool in_host_mounts;
  int root;             // the container's root folder, before it is /
  int null_device;      // O_PATH of a verified /dev/null, for masking
  int wake, await;      // pipe ends towards the other side of the clone
  bool null_stdin;      // no stdin: /dev/null of the container
  int terminal, master; // both sides of the child's terminal, -1 without one
  int stdio[3];         // the child's, while they are set up
  int status;           // where the child reports its failure; closes on exec
  pid_t child;          // as seen by the parent
  pid_t target;         // the container's first process, for exec
  int preserved;        // descriptors from 3 on that the program is to have
  int listener;         // of OP_LISTEN, -1 without one
  char remark[64];      // how a hook ended
  bool ready;           // nothing is left to be done before the exec
  pid_t own_pid;        // the child's as the host has it, where OP_FILTER has to tell it
  struct shim_options shim;
  char *command_line, *command_line_end; // our own argv, for init to wipe
};

// Each carries out one operation; 0, or -1 with errno.
int run_operation(struct machine *machine, const struct operation *operation);
// Runs operations [from, to); on failure fills `failure` and returns -1.
int run_operations(struct machine *machine, const struct plan *plan, uint32_t from, uint32_t to, struct failure *failure);
// Index of the first operation with this code at or after `from`, or plan->count.
uint32_t find_operation(const struct plan *plan, uint32_t from, uint16_t code);
int slot(struct machine *machine, int64_t number); // -1 with EBADF
int set_slot(struct machine *machine, int64_t number, int fd);
int use_mounts(struct machine *machine, bool host);

// mounts.c: everything below the container's root, never outside it.
int in_root(struct machine *machine, const char *path, int flags); // openat2 RESOLVE_IN_ROOT
int make_folder(struct machine *machine, const char *path, mode_t mode);
int make_below(int root, const char *path, mode_t mode); // an O_PATH descriptor of it
int mount_overlay(struct machine *machine, const char *options, unsigned long flags);
int mount_root_tree(struct machine *machine, int tree);
int open_below(int root, const char *path, int flags); // openat2 RESOLVE_IN_ROOT
int new_tree(const char *type, const char *source, const char *options, uint64_t attributes);
int mount_new(struct machine *machine, const struct operation *operation);
int tree_below(struct machine *machine, const char *path);
int attach_tree(struct machine *machine, int tree, const char *target, uint64_t attributes);
int make_device(struct machine *machine, const struct operation *operation);
int make_symlink(struct machine *machine, const char *target, const char *path);
int mask_path(struct machine *machine, const char *path);
int make_read_only(struct machine *machine, const char *path);
int pivot(struct machine *machine, bool read_only);
int open_parent(struct machine *machine, const char *path, char name[256]); // made where missing
int place_for(struct machine *machine, int tree, const char *target, bool follow);
int host_tree(struct machine *machine, int to, const char *path, bool recursive, bool make);

// bundle.c: what only OCI bundles ask of mounts.
int root_at(struct machine *machine, int tree, const char *path);
int attach_as(struct machine *machine, const struct operation *operation);
int set_mount(struct machine *machine, const struct operation *operation);
int move_root(struct machine *machine, bool read_only, const char *path);

// hook.c
int run_hook(struct machine *machine, const struct operation *operation);
// With a pid put in wherever room was left for one, ten characters; a fresh copy, or NULL.
char *with_pid(const struct argument *text, pid_t pid);

// start.c
int listen_for_start(struct machine *machine, int folder, const char *name);
int await_start(struct machine *machine);

// unix_socket.c
int connect_to(const char *path);
int send_descriptor(int socket, int fd, const void *bytes, size_t length);
int receive_descriptor(int socket);

// filter.c
int set_filter(struct machine *machine, const struct operation *operation);

// seal.c: runs on from a sealed copy in memory, so that nothing in a container can ever write to the program.
void seal(char **argv);

// layers.c
int open_file_system(struct machine *machine, int64_t to, const char *type);
int own_tree(struct machine *machine, int64_t to, const char *path);
int configure_layers(struct machine *machine, const struct operation *operation);
int mount_created(struct machine *machine, int context, uint64_t attributes);

// userns.c
int open_of_child(struct machine *machine, const char *file, int flags);
int write_of_child(struct machine *machine, const char *file, const void *bytes, size_t length);
int open_user_namespace(struct machine *machine, int64_t to);
int map_ids(struct machine *machine, int tree, int namespace, int64_t mount);
int become(uid_t uid, gid_t gid);
int own_stdio(struct machine *machine, uid_t uid, gid_t gid);
int own_folder(int folder, const char *path, uid_t uid, gid_t gid);

// credentials.c
int become_user(const char *user, const char *groups);
int set_capabilities(const struct operation *operation);
int set_seccomp(const struct operation *operation);
int execute(struct machine *machine, const struct operation *operation);
int find_program(const char *name, const char *path);

// process.c
unsigned long long start_time_of(struct machine *machine, pid_t pid);
int open_process(struct machine *machine, int64_t to, pid_t pid, unsigned long long start_time);
int join_process(struct machine *machine, int64_t slot, int flags);
int tree_of(struct machine *machine, int64_t to, int64_t slot, const char *path);
int kill_all(int folder, const char *path);

// devices.c
int set_owner(struct machine *machine, const char *path, uid_t uid, gid_t gid);
int filter_devices(struct machine *machine, const struct operation *operation);

// netlink.c
int open_netlink(void);
int netlink_talk(int socket, const uint8_t *messages, uint32_t length, int64_t pid_offset, uint32_t pid);

// terminal.c: a pseudo terminal of the container's own devpts.
int open_terminal(struct machine *machine, uint32_t rows, uint32_t columns);
int resize_terminal(int master, uint32_t rows, uint32_t columns); // 0 rows or columns: left as it is
int open_console(struct machine *machine, const struct operation *operation);
int control_terminal(struct machine *machine);                   // in the child: its stdio and controlling terminal
void hand_over_stdio(uid_t uid);                                 // terminal and pipes belong to the user

// init.c: never returns in the parent; returns 0 in the child.
int become_init(struct machine *machine);

// child.c: keeps stdio and the line for failures, nothing else.
int let_go(struct machine *machine);

// The child of a plan, from operation `from` on: cloned, set up and executing; -1 with `failure` filled.
pid_t carry_out(struct machine *machine, const struct plan *plan, uint32_t from, const int stdio[3],
                struct failure *failure);

// journal.c: output lines with time and stream, rotated.
struct journal;
struct journal *journal_open(const struct shim_options *options);
// Appends output of stream 1 or 2; length 0 ends a line that was left open.
void journal_append(struct journal *journal, int stream, const char *bytes, size_t length);
void journal_flush(struct journal *journal);

// session.c: a process inside a running container, relayed over the connection. Never returns.
_Noreturn void run_session(struct machine *machine, const uint8_t *bytes, uint32_t length, int connection);

// shim.c: runs in a process of its own and never returns.
_Noreturn void run_shim(struct machine *machine, const struct plan *plan, int connection, uint32_t request);
#endif
