// One of these for each container: its parent. It reaps the container's first process, writes the log, records the
// exit status, and opens further processes inside. It outlives the daemon and asks nobody.
#define _GNU_SOURCE
#include "attach.h"
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTROL_SOCKET "shim.sock"
#define LOCK_TRIES 1000 // two seconds
#define LOCK_REST_NS 2000000
#define EVENTS_SOCKET "../../events.sock" // of the daemon, seen from the container's run folder

struct shim {
  struct machine *machine;
  struct journal *journal;
  pid_t pid;
  unsigned long long start_time; // clock ticks since boot, proc_pid_stat(5) field 22
  int64_t started_at;            // ms since the epoch
  int control, signals, output[2];
  struct attached attached;
};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int bind_here(int folder, const char *name) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, name);
  // By a relative name: the folder's path may be longer than a socket address holds.
  if (fchdir(folder)) goto broken;
  unlink(name);
  mode_t before = umask(0177);
  int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  umask(before);
  if (bound || listen(fd, 64)) goto broken;
  return fd;
broken:
  close(fd);
  return -1;
}

// One shim per container, whatever a daemon that lost its memory asks for. The lock goes with this process. One whose
// container has ended, which everybody may know by now, still has to clear up before it ends itself.
static int lock_container(int folder) {
  int fd = openat(folder, "lock", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -1;
  for (int tries = 0; tries < LOCK_TRIES; tries++) {
    if (!flock(fd, LOCK_EX | LOCK_NB)) return 0;
    if (errno != EWOULDBLOCK && errno != EINTR) return -1;
    nanosleep(&(struct timespec){.tv_nsec = LOCK_REST_NS}, NULL);
  }
  return -1;
}

// The container can be asked about from here on: an answer comes once it is up.
static int open_control(struct shim *shim) {
  int folder = shim->machine->shim.folder;
  if (folder < 0) return errno = EINVAL, -1;
  if (lock_container(folder)) return -1;
  shim->control = bind_here(folder, CONTROL_SOCKET);
  return shim->control < 0 ? -1 : 0;
}

static void notify_daemon(const struct shim_options *options) {
  AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = EVENTS_SOCKET};
  if (fd < 0 || fchdir(options->folder) || connect(fd, (struct sockaddr *)&address, sizeof address)) return;
  char line[128];
  int length = snprintf(line, sizeof line, "exit %s\n", options->id);
  write_full(fd, line, (size_t)length); // the daemon may be away: then it finds the exit file at its next start
}

static bool ran_out_of_memory(struct machine *machine) {
  const struct shim_options *options = &machine->shim;
  if (options->oom_slot < 0) return false;
  int folder = slot(machine, options->oom_slot);
  AUTO_CLOSE int fd = folder < 0 ? -1 : openat(folder, options->oom_path, O_RDONLY | O_CLOEXEC);
  char content[1024];
  ssize_t n = fd < 0 ? -1 : read(fd, content, sizeof content - 1);
  if (n <= 0) return false;
  content[n] = 0;
  char *count = strstr(content, "oom_kill ");
  // "oom_kill_disable" precedes it in v1's file and has no blank after oom_kill.
  return count && strtol(count + 9, NULL, 10) > 0;
}

static void record_exit(struct shim *shim, int status, bool oom) {
  char json[256];
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  int length = snprintf(json, sizeof json, "{\"code\":%d,\"oomKilled\":%s,\"startedAt\":%lld,\"finishedAt\":%lld}\n", code,
                        oom ? "true" : "false", (long long)shim->started_at, (long long)now_ms());
  int folder = shim->machine->shim.folder;
  AUTO_CLOSE int fd = openat(folder, "exit.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd >= 0 && write(fd, json, (size_t)length) == length) renameat(folder, "exit.tmp", folder, "exit");
}

// Returns false at the end of the stream.
static bool read_output(struct shim *shim, int stream) {
  char buffer[16384];
  int *fd = &shim->output[stream - 1];
  ssize_t n = read(*fd, buffer, sizeof buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (n < 0) n = 0; // a terminal says EIO once nobody has its other side open
  if (shim->journal) journal_append(shim->journal, stream, buffer, (size_t)n);
  if (n > 0) {
    attached_output(&shim->attached, stream == 1 ? SESSION_STDOUT : SESSION_STDERR, buffer, (size_t)n);
    return true;
  }
  close_quietly(fd);
  *fd = -1;
  return false;
}

static void drain_output(struct shim *shim) {
  for (int stream = 1; stream <= 2; stream++) {
    if (shim->output[stream - 1] < 0) continue;
    fcntl(shim->output[stream - 1], F_SETFL, O_NONBLOCK);
    struct pollfd poller = {.fd = shim->output[stream - 1], .events = POLLIN};
    while (shim->output[stream - 1] >= 0 && poll(&poller, 1, 0) > 0 && read_output(shim, stream)) continue;
    if (shim->journal) journal_append(shim->journal, stream, NULL, 0);
  }
  if (shim->journal) journal_flush(shim->journal);
}

static void reply_number(int connection, uint32_t tag, int64_t number) { send_frame(connection, tag, &number, sizeof number); }

static int status_json(struct shim *shim, char json[256]) {
  return snprintf(json, 256, "{\"version\":%d,\"pid\":%d,\"startTime\":%llu,\"startedAt\":%lld,\"shim\":%d,\"unmapped\":\"%llx\"}",
                  WIRE_VERSION, shim->pid, shim->start_time, (long long)shim->started_at, getpid(),
                  (unsigned long long)shim->machine->shim.unmapped);
}

// Returns whether the connection is taken over.
static bool attach(struct shim *shim, int connection, const uint8_t *payload, uint32_t length) {
  uint32_t flags;
  struct failure failure = {.error = EINVAL, .about = "attach"};
  if (length == sizeof flags && (shim->machine->shim.stdin_open || shim->attached.terminal)) {
    memcpy(&flags, payload, sizeof flags);
    if (attached_add(&shim->attached, connection, flags & 1, flags & 2, shim->pid)) return true;
    failure.error = EBUSY;
  }
  send_frame(connection, SESSION_FAILED, &failure, sizeof failure);
  return false;
}

static void serve(struct shim *shim) {
  AUTO_CLOSE int connection = accept4(shim->control, NULL, NULL, SOCK_CLOEXEC);
  if (connection < 0) return;
  // A client that says nothing must not hold up the log.
  struct timeval patience = {.tv_sec = 1};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  uint32_t tag, length;
  AUTO_FREE uint8_t *payload = receive_frame(connection, &tag, &length, PLAN_MAX_BYTES);
  if (!payload) return;
  if (tag == SHIM_STATUS) {
    char json[256];
    int size = status_json(shim, json);
    send_frame(connection, tag, json, (size_t)size);
  } else if (tag == SHIM_SIGNAL && length == 4) {
    uint32_t number;
    memcpy(&number, payload, sizeof number);
    // Not reaped yet, so the pid is still the container's.
    reply_number(connection, tag, kill(shim->pid, (int)number) ? errno : 0);
  } else if (tag == SHIM_ATTACH) {
    if (attach(shim, connection, payload, length)) connection = -1;
  } else if (tag == SHIM_RESIZE && length == 8) {
    uint32_t size[2];
    memcpy(size, payload, sizeof size);
    reply_number(connection, tag, resize_terminal(shim->attached.terminal ? shim->attached.input : -1, size[0], size[1]) ? errno : 0);
  } else if (tag == SHIM_EXEC) {
    pid_t worker = fork();
    if (worker == 0) {
      close(shim->control), close(shim->signals);
      for (int i = 0; i < 2; i++) close_quietly(&shim->output[i]);
      attached_close(&shim->attached); // else its input would never end
      shim->machine->target = shim->pid;
      run_session(shim->machine, payload, length, connection);
    }
    if (worker < 0) {
      struct failure failure = {.error = errno, .about = "fork"};
      send_frame(connection, SESSION_FAILED, &failure, sizeof failure);
    }
  }
}

// True once the container's first process is gone; its status in `status`.
static bool reap(struct shim *shim, int *status) {
  struct signalfd_siginfo ignored;
  while (read(shim->signals, &ignored, sizeof ignored) > 0) continue;
  bool gone = false;
  for (int one;;) {
    pid_t pid = waitpid(-1, &one, WNOHANG);
    if (pid <= 0) return gone;
    if (pid == shim->pid) {
      *status = one;
      gone = true;
    }
  }
}

enum { SIGNALS, CONTROL, OUTPUT, CLIENTS = OUTPUT + 2, POLLERS = CLIENTS + ATTACHED_LIMIT + 1 };
#define EXPECTED_MS 5000      // so soon somebody who is to attach does
#define STUCK_LOOK_MS 1000 // how often somebody who is behind is looked at

// Waits for anything to do, and does it. Returns whether there are news of children.
static bool look(struct shim *shim, int patience_ms) {
  if (shim->attached.expected && now_ms() - shim->started_at > 2 * EXPECTED_MS) attached_give_up(&shim->attached);
  bool full = attached_full(&shim->attached);
  struct pollfd pollers[POLLERS] = {
      [SIGNALS] = {.fd = shim->signals, .events = POLLIN},
      [CONTROL] = {.fd = shim->control, .events = POLLIN},
      [OUTPUT] = {.fd = full ? -1 : shim->output[0], .events = POLLIN},
      [OUTPUT + 1] = {.fd = full ? -1 : shim->output[1], .events = POLLIN},
  };
  size_t clients = attached_poll(&shim->attached, pollers + CLIENTS);
  if (poll(pollers, CLIENTS + clients, full ? STUCK_LOOK_MS : patience_ms) < 0) return false;
  for (int stream = 1; stream <= 2; stream++)
    if (pollers[OUTPUT + stream - 1].revents) read_output(shim, stream);
  if (shim->journal) journal_flush(shim->journal);
  attached_serve(&shim->attached, pollers + CLIENTS, clients, now_ms());
  if (pollers[CONTROL].revents) serve(shim);
  return pollers[SIGNALS].revents;
}

static int supervise(struct shim *shim) {
  for (int status;;)
    if (look(shim, -1) && reap(shim, &status)) return status;
}

// Who started it wants to hear it, and it was faster.
static void await_expected(struct shim *shim) {
  int64_t deadline = now_ms() + EXPECTED_MS;
  close_quietly(&shim->signals);
  shim->signals = -1;
  while (shim->attached.expected && now_ms() < deadline) look(shim, (int)(deadline - now_ms()));
}

static void reply(int connection, uint32_t request, uint32_t result, const void *bytes, size_t length) {
  char payload[512];
  memcpy(payload, &result, sizeof result);
  memcpy(payload + sizeof result, bytes, length);
  send_frame(connection, request, payload, sizeof result + length);
}

static int make_output(struct shim *shim, int stdio[3]) {
  stdio[0] = slot(shim->machine, 1); // the host's /dev/null, until the container's own is there
  shim->machine->null_stdin = true;
  for (int stream = 1; stream <= 2; stream++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return -1;
    shim->output[stream - 1] = ends[0];
    stdio[stream] = ends[1];
  }
  return 0;
}

// Input and terminal, where the container has any. The pipes that were made are then not all used.
static int make_input(struct shim *shim, int stdio[3]) {
  struct shim_options *options = &shim->machine->shim;
  shim->attached.once = options->stdin_once;
  shim->attached.expected = options->expected;
  shim->attached.early_over = !options->expected;
  if (!options->stdin_open) return 0;
  shim->machine->null_stdin = false;
  if (options->console >= 0) return 0;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) || fcntl(ends[1], F_SETFL, O_NONBLOCK)) return -1;
  stdio[0] = ends[0];
  shim->attached.input = ends[1];
  return 0;
}

static int take_terminal(struct shim *shim) {
  int console = shim->machine->shim.console;
  if (console < 0) return 0;
  struct timeval patience = {.tv_sec = 2}; // it was sent before the exec
  setsockopt(console, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  int master = receive_descriptor(console);
  if (master < 0 || fcntl(master, F_SETFL, O_NONBLOCK)) return -1;
  for (int i = 0; i < 2; i++) close_quietly(&shim->output[i]);
  shim->output[0] = master;
  shim->output[1] = -1;
  shim->attached.terminal = true;
  close_quietly(&shim->machine->shim.console);
  shim->attached.input = dup(master); // each is closed on its own
  return shim->attached.input < 0 ? -1 : 0;
}

_Noreturn void run_shim(struct machine *machine, const struct plan *plan, int connection, uint32_t request) {
  struct shim shim = {.machine = machine, .control = -1, .output = {-1, -1}};
  struct failure failure = {.about = "shim"};
  attached_init(&shim.attached);
  prctl(PR_SET_NAME, "gantry-shim");
  setsid();
  sigset_t all, children;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  shim.signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);

  int stdio[3];
  uint32_t shim_at = find_operation(plan, 0, OP_SHIM), exit_at = find_operation(plan, 0, OP_EXIT);
  uint32_t begin = shim_at < plan->count ? shim_at + 1 : 0;
  bool mine = false;
  shim.pid = -1;
  if (shim.signals < 0 || make_output(&shim, stdio)) {
    failure.error = errno;
  } else if (!run_operations(machine, plan, 0, begin, &failure)) {
    mine = !open_control(&shim);
    if (mine && make_input(&shim, stdio)) failure.error = errno;
    else if (mine) shim.pid = carry_out(machine, plan, begin, stdio, &failure);
    else failure = (struct failure){.operation = shim_at, .error = errno, .about = "control socket"};
  }
  if (shim.pid < 0) {
    // Leave nothing half-made behind, unless it is somebody else's, then say why.
    struct failure ignored;
    for (uint32_t i = exit_at + 1; mine && i < plan->count; i++) run_operations(machine, plan, i, i + 1, &ignored);
    if (mine && !fchdir(machine->shim.folder)) unlink(CONTROL_SOCKET);
    reply(connection, request, 1, &failure, sizeof failure);
    _exit(1);
  }
  close(stdio[1]), close(stdio[2]);
  if (shim.attached.input >= 0) close(stdio[0]);
  if (take_terminal(&shim)) kill(shim.pid, SIGKILL); // ends it as any other end
  shim.started_at = now_ms();
  shim.start_time = start_time_of(machine, shim.pid);
  if (machine->shim.journal >= 0) shim.journal = journal_open(&machine->shim);
  char json[256];
  int size = status_json(&shim, json);
  reply(connection, request, 0, json, (size_t)size);
  close(connection);

  int status = supervise(&shim);
  drain_output(&shim);
  await_expected(&shim);
  attached_finish(&shim.attached, WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : 128u + (uint32_t)WTERMSIG(status));
  bool oom = ran_out_of_memory(machine);
  struct failure ignored;
  for (uint32_t i = exit_at + 1; i < plan->count; i++) run_operations(machine, plan, i, i + 1, &ignored);
  record_exit(&shim, status, oom);
  if (!fchdir(machine->shim.folder)) unlink(CONTROL_SOCKET);
  notify_daemon(&machine->shim);
  _exit(0);
}
