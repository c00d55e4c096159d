// The launcher: waits for launch plans on a unix socket and forks a process for each. It lives in a mount namespace
// of its own that holds next to nothing, since every clone copies the whole mount table.
//
//   gantry-launcher RUN ROOT FOLDER...
//
// RUN and ROOT are the instance's folders; ROOT appears as /r in the launcher's mount namespace. Slots: 0 is /proc,
// 1 is /dev/null, 2 is RUN, 3 is ROOT, and from 4 on the given folders (the cgroup hierarchies), as they were outside.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS 8
#define FIRST_FOLDER 4

struct connection {
  int fd;
  uint64_t serial;
  uint8_t *buffer; // a frame as far as it has arrived
  size_t have, want;
};

struct worker {
  pid_t pid;
  uint32_t request;
  uint64_t serial; // of the connection that asked
};

static struct machine machine;
static struct connection connections[CONNECTIONS];
static struct worker *workers;
static size_t worker_count, worker_room;
static uint64_t next_serial = 1;
static int listener, signals;

static _Noreturn void die(const char *what) {
  fprintf(stderr, "gantry-launcher: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_path(const char *path) {
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) die(path);
  return fd;
}

static void enter_own_mounts(const char *run, const char *root) {
  AUTO_CLOSE int tree = open_tree(AT_FDCWD, root, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) die(root);
  if (unshare(CLONE_NEWNS)) die("unshare");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) die("private mounts");
  if (mount("gantry", run, "tmpfs", 0, "mode=711,size=64k")) die("tmpfs");
  if (chdir(run) || mkdir("r", 0700) || mkdir("m", 0700) || mkdir("p", 0700) || mkdir("s", 0700)) die("staging folders");
  if (move_mount(tree, "", AT_FDCWD, "r", MOVE_MOUNT_F_EMPTY_PATH)) die("move_mount");
  // In a user namespace the kernel mounts these two only where they are in plain sight already (mount_namespaces(7)).
  // Where they cannot be, no container can have such a namespace, which a probe finds out.
  if (mount("proc", "p", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ||
      mount("sysfs", "s", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
    fprintf(stderr, "gantry-launcher: /proc and /sys: %s\n", strerror(errno));
  if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/")) die("pivot_root");
}

static int open_listener(int run) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "launcher.sock"};
  if (fd < 0 || fchdir(run)) die("socket");
  unlink(address.sun_path);
  umask(0177);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, CONNECTIONS)) die("launcher.sock");
  umask(022);
  return fd;
}

static void set_up(int argc, char **argv) {
  if (argc < 3 || argc - 3 > SLOT_COUNT - FIRST_FOLDER) {
    fprintf(stderr, "usage: gantry-launcher RUN ROOT [FOLDER...]\n");
    exit(2);
  }
  for (int i = 0; i < SLOT_COUNT; i++) machine.slots[i] = -1;
  machine.slots[0] = open_path("/proc");
  machine.slots[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
  machine.slots[2] = open_path(argv[1]);
  machine.slots[3] = open_path(argv[2]);
  for (int i = 3; i < argc; i++) machine.slots[FIRST_FOLDER + i - 3] = open_path(argv[i]);
  machine.root = machine.null_device = machine.wake = machine.await = machine.status = -1;
  machine.terminal = machine.master = machine.listener = -1;
  machine.shim = (struct shim_options){.folder = -1, .journal = -1, .oom_slot = -1, .console = -1};
  machine.host_network = open_netlink();
  machine.host_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (machine.host_network < 0 || machine.host_mounts < 0) die("host namespaces");
  struct rlimit files;
  if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur < 4096 && files.rlim_max >= 4096) {
    files.rlim_cur = 4096;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  // What whoever started us ignored, no container shall inherit.
  for (int number = 1; number < 65; number++) signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  listener = open_listener(machine.slots[2]);
  enter_own_mounts(argv[1], argv[2]);
  machine.own_mounts = openat(machine.slots[0], "self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (signals < 0 || machine.own_mounts < 0) die("own namespaces");
  for (int i = 0; i < CONNECTIONS; i++) connections[i].fd = -1;
}

static void reply(int fd, uint32_t request, uint32_t result, const void *bytes, size_t length) {
  char payload[512];
  memcpy(payload, &result, sizeof result);
  memcpy(payload + sizeof result, bytes, length);
  send_frame(fd, request, payload, sizeof result + length);
}

// In the forked process: everything that belongs to other requests is closed.
static void leave_launcher(int keep) {
  close(listener), close(signals);
  for (int i = 0; i < CONNECTIONS; i++)
    if (connections[i].fd >= 0 && connections[i].fd != keep) close(connections[i].fd);
  free(workers);
}

static _Noreturn void run_worker(struct connection *from, uint32_t request, uint32_t kind) {
  static struct plan plan;
  struct failure failure = {.error = EINVAL};
  leave_launcher(from->fd);
  const char *malformed = plan_decode(from->buffer + 12, from->want - 12, &plan);
  if (malformed) {
    snprintf(failure.about, sizeof failure.about, "launch plan: %s", malformed);
    reply(from->fd, request, 1, &failure, sizeof failure);
    _exit(1);
  }
  if (kind == LAUNCHER_LAUNCH) run_shim(&machine, &plan, from->fd, request);
  int broken = run_operations(&machine, &plan, 0, plan.count, &failure);
  reply(from->fd, request, broken ? 1 : 0, &failure, broken ? sizeof failure : 0);
  _exit(0);
}

static void remember(pid_t pid, uint32_t request, uint64_t serial) {
  if (worker_count == worker_room) {
    worker_room = worker_room ? worker_room * 2 : 64;
    workers = realloc(workers, worker_room * sizeof *workers);
    if (!workers) die("memory");
  }
  workers[worker_count++] = (struct worker){pid, request, serial};
}

static void handle(struct connection *connection) {
  uint32_t head[3]; // length, request, kind
  memcpy(head, connection->buffer, sizeof head);
  if (head[2] == LAUNCHER_HELLO) {
    uint32_t version = WIRE_VERSION;
    reply(connection->fd, head[1], 0, &version, sizeof version);
    return;
  }
  if (head[2] != LAUNCHER_LAUNCH && head[2] != LAUNCHER_EXECUTE) {
    struct failure failure = {.error = EPROTO, .about = "request"};
    reply(connection->fd, head[1], 1, &failure, sizeof failure);
    return;
  }
  pid_t pid = fork();
  if (pid == 0) run_worker(connection, head[1], head[2]);
  if (pid < 0) {
    struct failure failure = {.error = errno, .about = "fork"};
    reply(connection->fd, head[1], 1, &failure, sizeof failure);
    return;
  }
  remember(pid, head[1], connection->serial);
}

static void disconnect(struct connection *connection) {
  close(connection->fd);
  free(connection->buffer);
  *connection = (struct connection){.fd = -1};
}

static void receive(struct connection *connection) {
  uint8_t head[12];
  uint8_t *to = connection->buffer ? connection->buffer : head;
  if (!connection->buffer) {
    connection->buffer = malloc(sizeof head);
    connection->want = sizeof head;
    to = connection->buffer;
  }
  if (!to) die("memory");
  ssize_t n = recv(connection->fd, to + connection->have, connection->want - connection->have, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return disconnect(connection);
  connection->have += (size_t)n;
  if (connection->have < connection->want) return;
  if (connection->want == sizeof head) {
    uint32_t length;
    memcpy(&length, connection->buffer, sizeof length);
    if (length < 8 || length > PLAN_MAX_BYTES + 8) return disconnect(connection);
    if (length > 8) {
      connection->want = (size_t)length + 4;
      connection->buffer = realloc(connection->buffer, connection->want);
      if (!connection->buffer) die("memory");
      return;
    }
  }
  handle(connection);
  free(connection->buffer);
  connection->buffer = NULL;
  connection->have = connection->want = 0;
}

static void accept_connection(void) {
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  for (int i = 0; i < CONNECTIONS; i++)
    if (connections[i].fd < 0) {
      connections[i] = (struct connection){.fd = fd, .serial = next_serial++};
      return;
    }
  close(fd);
}

// A shim that is gone is told to whoever asked for it: it may have died before it could answer.
static void reap(void) {
  struct signalfd_siginfo ignored;
  while (read(signals, &ignored, sizeof ignored) > 0) continue;
  for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
    for (size_t i = 0; i < worker_count; i++) {
      if (workers[i].pid != pid) continue;
      struct worker gone = workers[i];
      workers[i] = workers[--worker_count];
      uint32_t frame[3] = {8, gone.request, 2};
      for (int j = 0; j < CONNECTIONS; j++)
        if (connections[j].fd >= 0 && connections[j].serial == gone.serial)
          send(connections[j].fd, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT);
      break;
    }
}

int main(int argc, char **argv) {
  seal(argv);
  set_up(argc, argv);
  machine.command_line = argv[0];
  machine.command_line_end = argv[argc - 1] + strlen(argv[argc - 1]);
  // Goes once nobody needs it: no daemon on the line and no shim to reap. The first connection may take a while.
  for (bool met = false;;) {
    struct pollfd pollers[2 + CONNECTIONS] = {{.fd = listener, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    bool connected = false;
    for (int i = 0; i < CONNECTIONS; i++) {
      pollers[2 + i] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
      connected |= connections[i].fd >= 0;
    }
    met |= connected;
    if (met && !connected && !worker_count) return 0;
    int n = poll(pollers, 2 + CONNECTIONS, met ? -1 : 30000);
    if (n == 0) return 0;
    if (n < 0) continue;
    if (pollers[1].revents) reap();
    for (int i = 0; i < CONNECTIONS; i++) {
      if (!pollers[2 + i].revents || connections[i].fd < 0) continue;
      // Nobody waits for what a dead daemon still asked for, and its successor must not be surprised by it.
      if (pollers[2 + i].revents & POLLHUP) disconnect(&connections[i]);
      else receive(&connections[i]);
    }
    if (pollers[0].revents) accept_connection();
  }
}
