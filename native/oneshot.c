// Carries out one launch plan and ends; the process it makes keeps our standard streams. For `gantry oci`.
//
//   gantry-oneshot FOLDER PRESERVED FOREGROUND
//
// FOLDER is the container's state folder. PRESERVED descriptors from 3 on go to the program; after them come one to read
// the plan from and one to write to what became of it: u32 0 and the u32 pid, or u32 1 and a struct failure. With FOREGROUND
// 1 we wait for the process, pass signals on and exit as it does; 2 also stands between it and our terminal.
// Slots: 0 is /proc, 1 is /dev/null, 2 is FOLDER, 3 is the host's root, 255 is where OP_CONSOLE may send a terminal.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CONSOLE_SLOT 255

static struct machine machine;
static struct plan plan;
static struct termios cooked;
static bool raw;

static _Noreturn void die(const char *what) {
  fprintf(stderr, "gantry-oneshot: %s: %s\n", what, strerror(errno));
  exit(125);
}

static uint8_t *read_plan(int fd, size_t *length) {
  uint8_t *bytes = malloc(PLAN_MAX_BYTES + 1);
  if (!bytes) die("memory");
  for (*length = 0;;) {
    ssize_t n = read(fd, bytes + *length, PLAN_MAX_BYTES + 1 - *length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) die("plan");
    if (n == 0 || (*length += (size_t)n) > PLAN_MAX_BYTES) return bytes;
  }
}

static void set_up(const char *folder) {
  for (int i = 0; i < SLOT_COUNT; i++) machine.slots[i] = -1;
  machine.slots[0] = open("/proc", O_PATH | O_CLOEXEC);
  machine.slots[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
  machine.slots[2] = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  machine.slots[3] = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  machine.root = machine.null_device = machine.wake = machine.await = machine.status = -1;
  machine.terminal = machine.master = machine.listener = -1;
  machine.shim = (struct shim_options){.folder = -1, .journal = -1, .oom_slot = -1, .console = -1};
  machine.host_network = -1;
  machine.host_mounts = machine.own_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  for (int i = 0; i < 4; i++)
    if (machine.slots[i] < 0) die(folder);
  for (int number = 1; number < 65; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static void restore_terminal(void) {
  if (raw) tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
}

static void fit_terminal(int master) {
  struct winsize size;
  if (!ioctl(STDIN_FILENO, TIOCGWINSZ, &size) || !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) ioctl(master, TIOCSWINSZ, &size);
}

// The master that OP_CONSOLE has sent, with our own terminal, if we have one, out of its way.
static int take_terminal(int socket) {
  char name[64];
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  struct iovec part = {name, sizeof name};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0) return -1;
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (!head || head->cmsg_type != SCM_RIGHTS) return errno = EBADMSG, -1;
  int master;
  memcpy(&master, CMSG_DATA(head), sizeof master);
  fit_terminal(master);
  if (!tcgetattr(STDIN_FILENO, &cooked)) {
    struct termios plain = cooked;
    cfmakeraw(&plain);
    raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &plain);
    atexit(restore_terminal);
  }
  return master;
}

static bool copy(int from, int to) {
  char buffer[16384];
  ssize_t n = read(from, buffer, sizeof buffer);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  return n > 0 && !write_full(to, buffer, (size_t)n);
}

static int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// Waits for the process; signals go to it, a terminal's bytes both ways.
static int attend(pid_t pid, int master) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  AUTO_CLOSE int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  int input = master < 0 ? -1 : STDIN_FILENO, output = master, status;
  for (;;) {
    // It may have ended before its end was listened for.
    if (waitpid(pid, &status, WNOHANG) == pid) break;
    struct pollfd pollers[3] = {
        {.fd = signals, .events = POLLIN}, {.fd = input, .events = POLLIN}, {.fd = output, .events = POLLIN}};
    if (poll(pollers, 3, -1) < 0) continue;
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGWINCH && master >= 0) fit_terminal(master);
      else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGURG) kill(pid, (int)info.ssi_signo);
    }
    if (pollers[1].revents && !copy(STDIN_FILENO, master)) input = -1;
    if (pollers[2].revents && !copy(master, STDOUT_FILENO)) output = -1;
  }
  // What it wrote last is still in the terminal; somebody it has started may hold that open for ever.
  struct pollfd rest = {.fd = output, .events = POLLIN};
  while (output >= 0 && poll(&rest, 1, 0) > 0 && copy(master, STDOUT_FILENO)) continue;
  return exit_code(status);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: gantry-oneshot FOLDER PRESERVED FOREGROUND\n");
    return 125;
  }
  machine.preserved = atoi(argv[2]);
  int foreground = atoi(argv[3]), from = 3 + machine.preserved, answer = from + 1;
  if (machine.preserved < 0 || machine.preserved > 1000) return 125;
  seal(argv);
  if (fcntl(from, F_SETFD, FD_CLOEXEC) || fcntl(answer, F_SETFD, FD_CLOEXEC)) die("plan and answer");
  for (int fd = 3; fd < from; fd++) fcntl(fd, F_SETFD, 0);
  prctl(PR_SET_NAME, "gantry-oneshot");
  set_up(argv[1]);
  size_t length;
  uint8_t *bytes = read_plan(from, &length);
  struct failure failure = {.error = EINVAL};
  const char *malformed = plan_decode(bytes, length, &plan);
  AUTO_CLOSE int console = -1;
  pid_t pid = -1;
  int pair[2];
  if (malformed) snprintf(failure.about, sizeof failure.about, "launch plan: %s", malformed);
  else if (foreground == 2 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) die("socketpair");
  else {
    if (foreground == 2) {
      console = pair[0];
      machine.slots[CONSOLE_SLOT] = pair[1];
    }
    pid = carry_out(&machine, &plan, 0, (int[3]){0, 1, 2}, &failure);
  }
  uint32_t result[2] = {pid < 0, (uint32_t)pid};
  if (write_full(answer, result, pid < 0 ? 4 : 8) || (pid < 0 && write_full(answer, &failure, sizeof failure))) {
    if (pid > 0) kill(pid, SIGKILL); // nobody would know of it
    return 125;
  }
  close(answer);
  if (pid < 0) return 125;
  if (!foreground) return 0;
  return attend(pid, foreground == 2 ? take_terminal(console) : -1);
}
