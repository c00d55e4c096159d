#define _GNU_SOURCE
#include "applier.h"
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define IDS 0x10000

/* Ids of files are then the container's, and what it may not do to its files this process may not either. */
static void become_root(void)
{
    if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        fail_errno("cannot take on the container's ids");
}

static void join_process(const struct target *target)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%lld", (long long)target->pid);
    /* The folder stays that of this one process, whatever gets its number later. */
    closed_at_exit int process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (process < 0 || process_start_time(process) != target->start)
        fail("the container's process is gone");
    closed_at_exit int mounts = openat(process, "ns/mnt", O_RDONLY | O_CLOEXEC);
    closed_at_exit int users = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
    if (mounts < 0 || users < 0)
        fail("the container's process is gone");
    if (target->base >= 0 && setns(users, CLONE_NEWUSER) < 0)
        fail_errno("cannot enter the container's user namespace");
    if (setns(mounts, CLONE_NEWNS) < 0)
        fail_errno("cannot enter the container's mount namespace");
    if (target->base >= 0)
        become_root();
}

static void write_map(pid_t child, const char *file, int64_t base)
{
    char path[48], map[48];
    snprintf(path, sizeof path, "/proc/%d/%s", child, file);
    int length = snprintf(map, sizeof map, "0 %lld %d", (long long)base, IDS);
    closed_at_exit int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, map, (size_t)length) != length)
        fail_errno("cannot make a user namespace");
}

/* A user namespace as the container's, held by nothing but the descriptor. */
static int make_users(int64_t base)
{
    char path[32];
    pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child < 0)
        fail_errno("cannot make a user namespace");
    if (child == 0)
        for (;;) pause();
    write_map(child, "uid_map", base);
    write_map(child, "gid_map", base);
    snprintf(path, sizeof path, "/proc/%d/ns/user", child);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    if (fd < 0)
        fail_errno("cannot make a user namespace");
    return fd;
}

static int set_string(int context, const char *key, const char *value)
{
    return fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
}

/* As the runtime makes it for a start: the layers seen through the container's ids, the upper folder as it is. */
static void mount_layers(const struct target *target)
{
    closed_at_exit int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    closed_at_exit int users = target->base < 0 ? -1 : make_users(target->base);
    closed_at_exit int tree = open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    closed_at_exit int context = fsopen("overlay", FSOPEN_CLOEXEC);
    struct mount_attr mapped = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)users};
    bool broken = here < 0 || tree < 0 || context < 0 ||
                  (users >= 0 && mount_setattr(tree, "", AT_EMPTY_PATH, &mapped, sizeof mapped) < 0) ||
                  fchdir(tree) < 0 || set_string(context, "source", "overlay");
    for (size_t i = 0; !broken && i < target->lower_count; i++)
        broken = set_string(context, "lowerdir+", target->lower[i]);
    broken = broken || fchdir(here) < 0 || set_string(context, "upperdir", target->upper) ||
             set_string(context, "workdir", target->work) || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    /* Mounted nowhere: it ends with this process. */
    closed_at_exit int root = broken ? -1 : fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
    if (root < 0)
        fail_errno("cannot mount the container's layers");
    if (users >= 0) {
        if (setns(users, CLONE_NEWUSER) < 0)
            fail_errno("cannot enter the user namespace");
        become_root();
    }
    if (fchdir(root) < 0 || chroot(".") < 0)
        fail_errno("cannot enter the container's root");
}

void target_enter(const struct target *target)
{
    if (target->upper != NULL)
        mount_layers(target);
    else
        join_process(target);
    closed_at_exit int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct open_how how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    int folder = -1;
    /* EAGAIN: openat2(2) saw a rename or mount somewhere on the machine while it passed a `..`. */
    for (int attempt = 0; attempt < 1000 && folder < 0; attempt++) {
        folder = (int)syscall(SYS_openat2, root, target->path, &how, sizeof how);
        if (folder < 0 && errno != EAGAIN)
            break;
    }
    if (folder < 0)
        fail_errno("cannot find the path");
    if (fchdir(folder) < 0)
        fail_errno("cannot enter the folder");
    close(folder);
}
