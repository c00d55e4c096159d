#define _GNU_SOURCE
#include "archiver.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void usage(void)
{
    fputs("usage: gantry-archiver [--changes] [--ids-from N] [--path PATH] FOLDER [FOLDER BELOW]... >archive.tar\n"
          "       gantry-archiver [--ids-from N] [--path PATH] --process PID START_TIME >archive.tar\n"
          "       gantry-archiver --list FOLDER FOLDER BELOW... >changes\n",
          stderr);
    exit(2);
}

static int64_t number(const char *text)
{
    char *rest;
    errno = 0;
    long long value = text == NULL ? -1 : strtoll(text, &rest, 10);
    if (value < 0 || errno != 0 || *rest != '\0')
        usage();
    return value;
}

/* Reading anybody's files, and attributes that only root sees (trusted.*), is all that is left to do. */
static void drop_capabilities(void)
{
    static const int needed[] = {CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN};
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        data[needed[i] / 32].permitted |= 1u << needed[i] % 32;
        data[needed[i] / 32].effective |= 1u << needed[i] % 32;
    }
    if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        fail_errno("cannot give up privileges (the archiver needs root)");
}

/* A tree may be as deep as names are long, and each folder on the way is open. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int count, char **arguments)
{
    struct view view = {.base = -1};
    int64_t pid = -1, start = -1;
    bool list = false;
    char *path = NULL;
    int at = 1;
    for (; at < count && arguments[at][0] == '-'; at++) {
        const char *flag = arguments[at];
        if (strcmp(flag, "--changes") == 0)
            view.changes = true;
        else if (strcmp(flag, "--list") == 0)
            list = true;
        else if (strcmp(flag, "--ids-from") == 0)
            view.base = number(arguments[++at]);
        else if (strcmp(flag, "--process") == 0 && at + 2 < count) {
            pid = number(arguments[++at]);
            start = number(arguments[++at]);
        } else if (strcmp(flag, "--") == 0) {
            at++;
            break;
        } else if (strcmp(flag, "--path") == 0 && at + 1 < count)
            path = arguments[++at];
        else
            usage();
    }
    int folders = count - at;
    if (pid >= 0 ? folders != 0 || list : folders < (list ? 2 : 1))
        usage();

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody reads for a daemon that is gone */
    raise_descriptors();
    int below = -1;
    if (list) {
        below = readable(source_folders(arguments + at + 1));
        arguments[at + 1] = NULL;
    }
    int root = pid >= 0 ? source_process(pid, start) : source_folders(arguments + at);
    /* From here on nothing outside of it has a name. */
    if (fchdir(root) < 0 || chroot(".") < 0)
        fail_errno("cannot make the folder the root (the archiver needs root)");
    drop_capabilities();
    if (list) {
        list_changes(readable(root), below);
        output_finish(0);
        return 0;
    }
    if (path == NULL)
        walk(readable(root), &view);
    else {
        int parent;
        const char *base = source_path(root, path, &parent);
        view.mounts = true;
        if (strcmp(base, ".") == 0)
            walk(parent, &view);
        else
            walk_name(parent, base, &view);
    }
    output_finish(2 * BLOCK); /* the end of an archive, pax(1) */
    return 0;
}
