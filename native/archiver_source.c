#define _GNU_SOURCE
#include "archiver.h"
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER (O_DIRECTORY | O_CLOEXEC)

static int set_string(int context, const char *key, const char *value)
{
    return fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
}

int source_folders(char **folders)
{
    if (folders[1] == NULL) {
        int only = open(folders[0], O_RDONLY | FOLDER);
        if (only < 0)
            fail_errno("cannot open the folder");
        return only;
    }
    /* Read-only and mounted nowhere, so that it ends with this process. */
    int context = fsopen("overlay", FSOPEN_CLOEXEC);
    bool broken = context < 0 || set_string(context, "source", "overlay");
    for (; !broken && *folders != NULL; folders++) broken = set_string(context, "lowerdir+", *folders);
    if (broken || fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0) ||
        fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
        fail_errno("cannot lay the folders over each other");
    int root = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (root < 0)
        fail_errno("cannot lay the folders over each other");
    close(context);
    return root;
}

int source_process(int64_t pid, int64_t start)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%lld", (long long)pid);
    /* The folder stays that of this one process, whatever gets its number later. */
    int process = open(path, O_RDONLY | FOLDER);
    int root = process < 0 || process_start_time(process) != start ? (errno = ESRCH, -1) : openat(process, "root", O_PATH | FOLDER);
    if (root < 0)
        fail_errno("cannot open the process's root");
    close(process);
    return root;
}

int readable(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | FOLDER);
    if (fd < 0)
        fail_errno("cannot open the folder");
    close(folder);
    return fd;
}

const char *source_path(int root, char *path, int *parent)
{
    struct open_how how = {.flags = O_PATH | FOLDER, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    size_t length = strlen(path);
    bool folder = length > 0 && path[length - 1] == '/';
    while (length > 0 && path[length - 1] == '/') path[--length] = '\0';
    char *slash = strrchr(path, '/');
    char *base = slash == NULL ? path : slash + 1;
    bool whole = *base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0;
    const char *above = "/";
    if (whole && *path != '\0')
        above = path;
    else if (!whole && slash != NULL && slash != path) {
        *slash = '\0';
        above = path;
    }
    /* EAGAIN: openat2(2) saw a rename or mount somewhere on the machine while it passed a `..`. */
    for (int attempt = 0; attempt < 1000; attempt++) {
        *parent = (int)syscall(SYS_openat2, root, above, &how, sizeof how);
        if (*parent >= 0 || errno != EAGAIN)
            break;
    }
    struct stat status;
    if (*parent < 0 || (!whole && fstatat(*parent, base, &status, AT_SYMLINK_NOFOLLOW) < 0))
        fail_errno("cannot find the path");
    if (!whole && folder && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode))
        fail("cannot find the path: Not a directory");
    *parent = readable(*parent);
    return whole ? "." : base;
}
