#define _GNU_SOURCE
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static int root = -1;
static bool is_layer = true, keep_kinds;

/* Entries come folder by folder: the last parent is kept open, until something is replaced: names may lead elsewhere then. */
static char parent_name[NAME_LIMIT + 1];
static int parent_open = -1;
static bool parent_stale = true;

void path_root(int folder, bool layer)
{
    root = folder;
    is_layer = layer;
}

bool path_is_layer(void)
{
    return is_layer;
}

void path_keep_kinds(void)
{
    keep_kinds = true;
}

void path_check_kind(int parent, const char *base, bool folder)
{
    struct stat status;
    if (keep_kinds && fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) != folder)
        fail(folder ? "would replace something by a folder" : "would replace a folder by something else");
}

void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static int try_resolve(const char *path, uint64_t how)
{
    struct open_how open_how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = how | RESOLVE_NO_MAGICLINKS | (is_layer ? RESOLVE_NO_XDEV : 0),
    };
    return (int)syscall(SYS_openat2, root, *path == '\0' ? "." : path, &open_how, sizeof open_how);
}

int path_resolve(const char *path)
{
    int fd = try_resolve(path, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd >= 0 || errno != ELOOP)
        return fd;
    /* EAGAIN: openat2(2) saw a rename or mount somewhere on the machine while it passed a `..`. */
    for (int attempt = 0; attempt < 1000; attempt++) {
        fd = try_resolve(path, RESOLVE_IN_ROOT);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    if (fd < 0)
        return -1;
    /* Links make folders deeper than any name in the archive says: nobody could remove those by path again. */
    char real[NAME_LIMIT + 1];
    if (fchdir(fd) < 0 || syscall(SYS_getcwd, real, sizeof real) < 0)
        fail("lies too deep");
    return fd;
}

/* Strips leading, doubled and trailing slashes and `.`; `..` is never legitimate in an archive. */
void path_clean(const char *name, char *path, const char *what)
{
    size_t used = 0;
    for (const char *at = name; *at != '\0';) {
        size_t length = strcspn(at, "/");
        if (length == 2 && at[0] == '.' && at[1] == '.')
            fail("%s contains \"..\"", what);
        if (length > 255)
            fail("%s has a part longer than 255 bytes", what);
        if (length > 0 && !(length == 1 && at[0] == '.')) {
            if (used + length + 1 > NAME_LIMIT)
                fail("%s is longer than %d bytes", what, NAME_LIMIT);
            if (used > 0)
                path[used++] = '/';
            memcpy(path + used, at, length);
            used += length;
        }
        at += length + (at[length] == '/');
    }
    path[used] = '\0';
}

const char *path_split(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        memmove(path + 1, path, strlen(path) + 1);
        path[0] = '\0';
        return path + 1;
    }
    *slash = '\0';
    return slash + 1;
}

void folder_mark_opaque(int folder)
{
    if (fsetxattr(folder, "trusted.overlay.opaque", "y", 1, 0) < 0)
        fail_errno("cannot mark a folder as opaque");
}

bool path_make_room(int parent, const char *base)
{
    struct stat status;
    if (fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    parent_stale = true;
    if (unlinkat(parent, base, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0) < 0) {
        if (errno == ENOTEMPTY)
            fail("would replace a folder that is not empty");
        fail_errno("cannot replace what an earlier entry made");
    }
    return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

int folder_make(int parent, const char *base)
{
    bool opaque = false;
    struct stat status;
    if (mkdirat(parent, base, 0755) < 0) {
        if (errno != EEXIST || fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) < 0)
            fail_errno("cannot make the folder");
        if (!S_ISDIR(status.st_mode)) {
            /* The layer removes the name and makes it anew: what lower layers have in the folder stays hidden. */
            opaque = path_make_room(parent, base);
            if (mkdirat(parent, base, 0755) < 0)
                fail_errno("cannot make the folder");
        }
    }
    int folder = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        fail_errno("cannot open the folder");
    if (opaque)
        folder_mark_opaque(folder);
    return folder;
}

static bool is_whiteout(int parent, const char *base)
{
    struct stat status;
    return fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(status.st_mode) &&
           status.st_rdev == 0;
}

/* Opens the folder an entry lies in, making what is missing (0755, root's), which archives may leave out. */
static int open_parent(const char *path)
{
    int fd = path_resolve(path);
    if (fd >= 0)
        return fd;
    fd = path_resolve("");
    char prefix[NAME_LIMIT + 1];
    for (size_t done = 0; path[done] != '\0';) {
        closed_at_exit int above = fd;
        size_t start = done + (done > 0);
        done = start + strcspn(path + start, "/");
        memcpy(prefix, path, done);
        prefix[done] = '\0';
        const char *base = prefix + start;
        fd = path_resolve(prefix);
        if (fd >= 0)
            continue;
        if (errno == ELOOP)
            fail("a symbolic link on its way leads in circles");
        struct stat status;
        bool there = fstatat(above, base, &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (there && S_ISLNK(status.st_mode))
            fail("a symbolic link on its way leads nowhere");
        if (there && !is_whiteout(above, base))
            fail("something on its way is not a folder");
        closed_at_exit int made = folder_make(above, base);
        fd = path_resolve(prefix);
        if (fd < 0)
            fail_errno("cannot open the folder it lies in");
    }
    return fd;
}

int path_parent(const char *path)
{
    if (!parent_stale && strcmp(path, parent_name) == 0)
        return parent_open;
    close_fd(&parent_open);
    parent_open = open_parent(path);
    parent_stale = false;
    strcpy(parent_name, path);
    return parent_open;
}

