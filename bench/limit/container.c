// From a fresh clone to the exec: an overlay root with /proc and /dev of its own.
#define _GNU_SOURCE
#include "limit.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct container *self;

static void check(bool fine, const char *what) {
  if (fine) return;
  dprintf(self->status, "container %u: %s: %s\n", self->number, what, strerror(errno));
  _exit(1);
}

static void mount_below(const char *type, const char *target, const char *mode, unsigned attributes) {
  AUTO_CLOSE int context = fsopen(type, FSOPEN_CLOEXEC);
  check(context >= 0, type);
  if (mode) check(!fsconfig(context, FSCONFIG_SET_STRING, "mode", mode, 0), type);
  check(!fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
  AUTO_CLOSE int tree = fsmount(context, FSMOUNT_CLOEXEC, attributes);
  check(tree >= 0 && !move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH), target);
}

_Noreturn void container_run(const struct container *container) {
  self = container;
  check(!prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl"); // nothing outlives the measurement, whatever ends it
  check(!setns(container->network, CLONE_NEWNET), "setns");

  char options[512];
  snprintf(options, sizeof options, "lowerdir=%s,upperdir=" WORK "/%u/upper,workdir=" WORK "/%u/work", container->lower,
           container->number, container->number);
  check(!mount("overlay", STAGING, "overlay", MS_NODEV, options), "overlay");
  check(!chdir(STAGING), STAGING);
  mount_below("proc", "proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  mount_below("tmpfs", "dev", "755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  check(!mknod("dev/null", S_IFCHR | 0666, makedev(1, 3)), "/dev/null");

  char byte;
  check(read(container->go, &byte, 1) == 1, "cgroups");
  check(!unshare(CLONE_NEWCGROUP), "cgroup namespace");
  check(!syscall(SYS_pivot_root, ".", ".") && !umount2(".", MNT_DETACH) && !chdir("/"), "pivot_root");
  check(!sethostname("limit", 5), "hostname");
  char *arguments[] = {"/bin/sleep", "86400", NULL}, *environment[] = {"PATH=/bin", NULL};
  execve(arguments[0], arguments, environment);
  check(false, arguments[0]);
  _exit(1);
}
