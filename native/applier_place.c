#define _GNU_SOURCE
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/*
 * Invariants: a folder is only ever reached through resolve(), which cannot leave the root; the last component of a
 * name is never followed; a regular file is always new (O_EXCL). The metadata order is chown, chmod, xattr, times:
 * chown clears setuid bits and security.capability, so it goes first.
 */

static int root = -1;

/* Entries come folder by folder: the last parent is kept open, until something is replaced: names may lead elsewhere then. */
static char parent_name[NAME_LIMIT + 1];
static int parent_open = -1;
static bool parent_stale = true;

/* A folder whose times are set at the end. */
struct folder {
    struct folder *next;
    ino_t inode;
    struct timespec mtime;
    char name[];
};
static struct folder *folders, **folders_end = &folders;
static size_t folders_bytes;
#define FOLDERS_LIMIT ((size_t)256 << 20) /* bytes of memory for the list */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define closed_at_exit __attribute__((cleanup(close_fd)))

void place_into(int folder)
{
    root = folder;
}

static int try_resolve(const char *path, uint64_t how)
{
    struct open_how open_how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = how | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    return (int)syscall(SYS_openat2, root, *path == '\0' ? "." : path, &open_how, sizeof open_how);
}

/*
 * Opens a folder by its path from the root; symbolic links on the way lead where they would lead inside the container.
 * -1 with errno when there is none.
 */
static int resolve(const char *path)
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
static void clean(const char *name, char *path, const char *what)
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

/* Cuts a clean path at its last slash; the parent of a name without one is "". Returns the last component. */
static const char *split(char *path)
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

static void mark_opaque(int folder)
{
    if (fsetxattr(folder, "trusted.overlay.opaque", "y", 1, 0) < 0)
        fail_errno("cannot mark a folder as opaque");
}

/* Removes what has the name, if anything. Returns whether that was a whiteout. */
static bool make_room(int parent, const char *base)
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

/* Makes a folder or keeps the one that is there, and opens it. */
static int make_folder(int parent, const char *base)
{
    bool opaque = false;
    struct stat status;
    if (mkdirat(parent, base, 0755) < 0) {
        if (errno != EEXIST || fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) < 0)
            fail_errno("cannot make the folder");
        if (!S_ISDIR(status.st_mode)) {
            /* The layer removes the name and makes it anew: what lower layers have in the folder stays hidden. */
            opaque = make_room(parent, base);
            if (mkdirat(parent, base, 0755) < 0)
                fail_errno("cannot make the folder");
        }
    }
    int folder = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        fail_errno("cannot open the folder");
    if (opaque)
        mark_opaque(folder);
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
    int fd = resolve(path);
    if (fd >= 0)
        return fd;
    fd = resolve("");
    char prefix[NAME_LIMIT + 1];
    for (size_t done = 0; path[done] != '\0';) {
        closed_at_exit int above = fd;
        size_t start = done + (done > 0);
        done = start + strcspn(path + start, "/");
        memcpy(prefix, path, done);
        prefix[done] = '\0';
        const char *base = prefix + start;
        fd = resolve(prefix);
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
        closed_at_exit int made = make_folder(above, base);
        fd = resolve(prefix);
        if (fd < 0)
            fail_errno("cannot open the folder it lies in");
    }
    return fd;
}

static int parent_of(const char *path)
{
    if (!parent_stale && strcmp(path, parent_name) == 0)
        return parent_open;
    close_fd(&parent_open);
    parent_open = open_parent(path);
    parent_stale = false;
    strcpy(parent_name, path);
    return parent_open;
}

/*
 * What an archive may set. Overlay's own attributes would let it redirect folders and hide names; labels of security
 * modules and integrity hashes belong to the machine that wrote them.
 */
static bool is_allowed(const char *name)
{
    if (strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0)
        return false;
    return strncmp(name, "user.", 5) == 0 || strncmp(name, "trusted.", 8) == 0 ||
           strcmp(name, "security.capability") == 0 || strcmp(name, "system.posix_acl_access") == 0 ||
           strcmp(name, "system.posix_acl_default") == 0;
}

/* `fd` is the thing itself, or -1: then it is `base` in the current folder, and not followed. */
static void set_xattrs(const struct entry *entry, int fd, const char *base)
{
    for (size_t i = 0; i < entry->xattr_count; i++) {
        const struct xattr *xattr = &entry->xattrs[i];
        if (!is_allowed(xattr->name))
            continue;
        int result = fd >= 0 ? fsetxattr(fd, xattr->name, xattr->value, xattr->length, 0)
                             : lsetxattr(base, xattr->name, xattr->value, xattr->length, 0);
        bool is_user = strncmp(xattr->name, "user.", 5) == 0;
        /* Some file systems have no user attributes, and links and devices never do: programs work without. */
        if (result < 0 && !(is_user && (errno == ENOTSUP || errno == EPERM)))
            fail_errno("cannot set an extended attribute");
    }
}

/* Metadata of an open file or folder, all but a folder's times. */
static void set_open(const struct entry *entry, int fd)
{
    if (fchown(fd, entry->uid, entry->gid) < 0)
        fail_errno("cannot set its owner");
    if (fchmod(fd, entry->mode) < 0)
        fail_errno("cannot set its mode");
    set_xattrs(entry, fd, NULL);
}

static void set_times(int parent, const char *base, const struct timespec *mtime)
{
    struct timespec times[2] = {*mtime, *mtime};
    if (utimensat(parent, base, times, AT_SYMLINK_NOFOLLOW) < 0)
        fail_errno("cannot set its time");
}

/* Metadata of what cannot or must not be opened. Nobody else is in here, so the name still is what was just made. */
static void set_closed(const struct entry *entry, int parent, const char *base)
{
    if (fchownat(parent, base, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
        fail_errno("cannot set its owner");
    if (entry->type != '2' && fchmodat(parent, base, entry->mode, 0) < 0)
        fail_errno("cannot set its mode");
    if (entry->xattr_count > 0) {
        if (fchdir(parent) < 0)
            fail_errno("cannot enter the folder it lies in");
        set_xattrs(entry, -1, base);
    }
    set_times(parent, base, &entry->mtime);
}

static void write_at(int fd, const uint8_t *bytes, size_t length, int64_t offset)
{
    while (length > 0) {
        ssize_t put = pwrite(fd, bytes, length, offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            fail_errno("cannot write");
        bytes += put;
        length -= (size_t)put;
        offset += put;
    }
}

static void write_extent(int fd, struct extent extent)
{
    const uint8_t *bytes;
    while (extent.length > 0) {
        size_t got = tar_data(&bytes, (size_t)extent.length);
        write_at(fd, bytes, got, extent.offset);
        extent.offset += (int64_t)got;
        extent.length -= (int64_t)got;
    }
}

static void place_file(const struct entry *entry, int parent, const char *base)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    closed_at_exit int fd = openat(parent, base, flags, 0600);
    if (fd < 0 && errno == EEXIST) {
        make_room(parent, base);
        fd = openat(parent, base, flags, 0600);
    }
    if (fd < 0)
        fail_errno("cannot make the file");
    if (entry->sparse) {
        for (size_t i = 0; i < entry->extent_count; i++)
            write_extent(fd, entry->extents[i]);
        if (ftruncate(fd, entry->size) < 0)
            fail_errno("cannot make a sparse file");
    } else {
        write_extent(fd, (struct extent){0, entry->stored});
    }
    set_open(entry, fd);
    struct timespec times[2] = {entry->mtime, entry->mtime};
    if (futimens(fd, times) < 0)
        fail_errno("cannot set its time");
}

static void place_hard_link(const struct entry *entry, int parent, const char *base)
{
    char path[NAME_LIMIT + 2];
    clean(entry->link, path, "the target of the hard link");
    const char *target = split(path);
    closed_at_exit int from = resolve(path);
    struct stat old, new;
    if (from < 0 || *target == '\0' || fstatat(from, target, &old, AT_SYMLINK_NOFOLLOW) < 0)
        fail("a hard link to something that is not in the archive");
    if (S_ISDIR(old.st_mode))
        fail("a hard link to a folder");
    if (fstatat(parent, base, &new, AT_SYMLINK_NOFOLLOW) == 0) {
        if (new.st_ino == old.st_ino)
            return;
        make_room(parent, base);
    }
    if (linkat(from, target, parent, base, 0) < 0)
        fail_errno("cannot make the hard link");
}

static void place_symbolic_link(const struct entry *entry, int parent, const char *base)
{
    if (entry->link[0] == '\0')
        fail("a symbolic link to nothing");
    make_room(parent, base);
    if (symlinkat(entry->link, parent, base) < 0)
        fail_errno("cannot make the symbolic link");
    set_closed(entry, parent, base);
}

static void place_node(const struct entry *entry, int parent, const char *base)
{
    mode_t type = entry->type == '3' ? S_IFCHR : entry->type == '4' ? S_IFBLK : S_IFIFO;
    make_room(parent, base);
    if (mknodat(parent, base, type | 0600, makedev(entry->major, entry->minor)) < 0)
        fail_errno("cannot make the device or pipe");
    set_closed(entry, parent, base);
}

static void remember_folder(const struct entry *entry, const char *path, int folder)
{
    struct stat status;
    size_t length = strlen(path) + 1;
    folders_bytes += sizeof(struct folder) + length;
    struct folder *this = folders_bytes > FOLDERS_LIMIT ? NULL : malloc(sizeof *this + length);
    if (this == NULL)
        fail("too many folders");
    if (fstat(folder, &status) < 0)
        fail_errno("cannot look at the folder");
    this->next = NULL;
    this->inode = status.st_ino;
    this->mtime = entry->mtime;
    memcpy(this->name, path, length);
    *folders_end = this;
    folders_end = &this->next;
}

/* Whiteouts of the OCI image layer specification, in the form overlayfs has for them. */
static void place_whiteout(int parent, const char *base, const char *hidden)
{
    if (strcmp(base, ".wh..wh..opq") == 0) {
        closed_at_exit int folder = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
            fail_errno("cannot open the folder");
        mark_opaque(folder);
        return;
    }
    if (strncmp(hidden, ".wh.", 4) == 0)
        return; /* aufs kept its own books under such names */
    if (*hidden == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
        fail("a whiteout of nothing");
    if (mknodat(parent, hidden, S_IFCHR, makedev(0, 0)) == 0)
        return;
    if (errno != EEXIST)
        fail_errno("cannot make the whiteout");
    /* A whiteout hides lower layers only: what this layer itself has there stays. */
    closed_at_exit int folder = openat(parent, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder >= 0)
        mark_opaque(folder);
}

static void place_root(const struct entry *entry)
{
    if (entry->type != '5')
        fail("something that is not a folder has no name");
    set_open(entry, root);
    remember_folder(entry, "", root);
}

int64_t place_entry(const struct entry *entry)
{
    static char path[NAME_LIMIT + 2], whole[NAME_LIMIT + 1];
    clean(entry->name, path, "its name");
    if (*path == '\0') {
        place_root(entry);
        return 0;
    }
    strcpy(whole, path);
    const char *base = split(path);
    int parent = parent_of(path);
    if (strncmp(base, ".wh.", 4) == 0) {
        place_whiteout(parent, base, base + 4);
        return 0;
    }
    switch (entry->type) {
    case '0':
        place_file(entry, parent, base);
        return entry->stored;
    case '1':
        place_hard_link(entry, parent, base);
        return 0;
    case '2':
        place_symbolic_link(entry, parent, base);
        return 0;
    case '5': {
        closed_at_exit int folder = make_folder(parent, base);
        set_open(entry, folder);
        remember_folder(entry, whole, folder);
        return 0;
    }
    default:
        place_node(entry, parent, base);
        return 0;
    }
}

void place_finish(void)
{
    static char path[NAME_LIMIT + 2];
    for (struct folder *folder = folders; folder != NULL; folder = folder->next) {
        strcpy(path, folder->name);
        const char *base = split(path);
        struct stat status;
        closed_at_exit int parent = resolve(path);
        if (*base == '\0')
            base = ".";
        /* A later entry may have replaced the folder; then it has that entry's time. */
        if (parent >= 0 && fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            status.st_ino == folder->inode)
            set_times(parent, base, &folder->mtime);
    }
}
