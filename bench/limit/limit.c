// The kernel's own limit: starts N isolated containers with system calls alone, one after another, and says how long
// that took until the last of them had exec'd. No policy, log, capability, seccomp filter or masked path: what an
// engine takes longer is its own.
//
//   limit N LOWER WORK CGROUP
//
// LOWER is a root file system with /bin/sleep, /proc and /dev; WORK an empty folder for the writable layers; CGROUP the
// name of a cgroup to make. Prints {"n", "totalMs", "issueMs", "msPerContainer", "cpuMs"} and leaves nothing
// behind. cpuMs is what all of it took of the processors, which other load on the machine changes little.
#define _GNU_SOURCE
#include "limit.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 4000
#define PATIENCE_MS 60000
#define CONTAINER_NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC)

static pid_t pids[MOST];
static unsigned started;
static int proc, status[2];
static bool entered; // the mount namespace with WORK in it
static volatile sig_atomic_t interrupted;

static void interrupt(int number) { interrupted = number; }

void close_quietly(const int *fd) {
  if (*fd >= 0) close(*fd);
}

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

// RUSAGE_SELF: of this process; RUSAGE_CHILDREN: of those it has reaped.
static double cpu_ms(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void remove_folder(unsigned number) {
  char path[64];
  const char *parts[] = {"/upper", "/work/work", "/work", ""}; // overlayfs makes a folder inside the work folder
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    snprintf(path, sizeof path, WORK "/%u%s", number, parts[i]);
    rmdir(path);
  }
}

// Takes everything down and waits until the kernel has, too: it removes network namespaces in the background.
static void take_down(void) {
  for (unsigned i = 0; i < started; i++) kill(pids[i], SIGKILL);
  for (unsigned i = 0; i < started; i++) waitpid(pids[i], NULL, 0);
  cgroup_remove(started + 1);
  for (unsigned i = 0; entered && i <= started; i++) remove_folder(i);
  double deadline = now_ms() + PATIENCE_MS;
  for (unsigned i = 0; i < started;)
    if (link_gone(i)) i++;
    else if (now_ms() > deadline) break;
    else nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

_Noreturn void die(const char *what) {
  fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
  take_down();
  exit(1);
}

// Every clone copies the whole mount table, so the containers come from a namespace that holds next to nothing.
static void enter_own_mounts(const char *lower, const char *work) {
  AUTO_CLOSE int lower_tree = open_tree(AT_FDCWD, lower, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  AUTO_CLOSE int work_tree = open_tree(AT_FDCWD, work, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (lower_tree < 0 || work_tree < 0) die("open_tree");
  if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) die("mount namespace");
  if (mount("limit", "/tmp", "tmpfs", 0, "size=64k") || chdir("/tmp")) die("tmpfs");
  if (mkdir("l", 0755) || mkdir("w", 0700) || mkdir("m", 0755)) die("mkdir");
  if (move_mount(lower_tree, "", AT_FDCWD, "l", MOVE_MOUNT_F_EMPTY_PATH)) die(lower);
  if (move_mount(work_tree, "", AT_FDCWD, "w", MOVE_MOUNT_F_EMPTY_PATH)) die(work);
  if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/")) die("pivot_root");
  entered = true;
}

static void make_folders(unsigned number) {
  char path[64];
  const char *parts[] = {"", "/upper", "/work"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    snprintf(path, sizeof path, WORK "/%u%s", number, parts[i]);
    if (mkdir(path, 0755)) die(path);
  }
}

static void start(unsigned number) {
  make_folders(number);
  cgroup_make(number);
  AUTO_CLOSE int network = link_make(number);
  AUTO_CLOSE int unified = cgroup_unified(number);
  int go[2];
  if (pipe2(go, O_CLOEXEC)) die("pipe");
  struct clone_args arguments = {.flags = CONTAINER_NAMESPACES, .exit_signal = SIGCHLD};
  if (unified >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (uint64_t)unified;
  }
  pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid < 0) die("clone3");
  if (pid == 0) {
    close(go[1]);
    container_run(&(struct container){
        .number = number, .lower = "/l", .network = network, .go = go[0], .status = status[1]});
  }
  pids[started++] = pid;
  cgroup_attach(number, pid);
  if (write(go[1], "", 1) != 1) die("pipe");
  close(go[0]), close(go[1]);
}

// The status pipe ends once every process that held it has exec'd; text on it is a failure's.
static bool all_have_execed(void) {
  close(status[1]);
  struct pollfd poller = {.fd = status[0], .events = POLLIN};
  char text[4096];
  if (poll(&poller, 1, PATIENCE_MS) <= 0) {
    fprintf(stderr, "limit: %s\n", interrupted ? "interrupted" : "containers that never exec");
    return false;
  }
  ssize_t n = read(status[0], text, sizeof text - 1);
  if (n > 0) fwrite(text, 1, (size_t)n, stderr);
  return n == 0;
}

static bool all_alive(void) {
  for (unsigned i = 0; i < started; i++)
    if (waitpid(pids[i], NULL, WNOHANG) != 0) return false;
  return true;
}

int main(int argc, char **argv) {
  int n = argc == 5 ? atoi(argv[1]) : 0;
  if (n < 1 || n > MOST) {
    fprintf(stderr, "usage: limit N LOWER WORK CGROUP, with N from 1 to %d\n", MOST);
    return 2;
  }
  struct sigaction action = {.sa_handler = interrupt};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct rlimit files;
  if (!getrlimit(RLIMIT_NOFILE, &files)) setrlimit(RLIMIT_NOFILE, &(struct rlimit){files.rlim_max, files.rlim_max});
  proc = open("/proc", O_PATH | O_CLOEXEC | O_DIRECTORY);
  if (proc < 0 || pipe2(status, O_CLOEXEC)) die("/proc");
  cgroup_open(argv[4]);
  link_open(proc);
  enter_own_mounts(argv[2], argv[3]);

  double began = now_ms(), cpu = cpu_ms(RUSAGE_SELF);
  for (int i = 0; i < n && !interrupted; i++) start((unsigned)i);
  double issued = now_ms();
  bool fine = all_have_execed();
  double ended = now_ms();
  cpu = cpu_ms(RUSAGE_SELF) - cpu;
  fine = fine && !interrupted && all_alive();
  take_down();
  cpu += cpu_ms(RUSAGE_CHILDREN);
  if (!fine) {
    fprintf(stderr, "limit: not all containers came up\n");
    return 1;
  }
  printf("{\"n\":%d,\"totalMs\":%.3f,\"issueMs\":%.3f,\"msPerContainer\":%.4f,\"cpuMs\":%.3f}\n", n, ended - began,
         issued - began, (ended - began) / n, cpu);
  return 0;
}
