#define _GNU_SOURCE
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * Invariants: a folder is only ever reached through path_resolve(), which cannot leave the root; the last component of a
 * name is never followed; a regular file is always new (O_EXCL). The metadata order is chown, chmod, xattr, times:
 * chown clears setuid bits and security.capability, so it goes first.
 */

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
        path_make_room(parent, base);
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
    metadata_open(entry, fd);
    struct timespec times[2] = {entry->mtime, entry->mtime};
    if (futimens(fd, times) < 0)
        fail_errno("cannot set its time");
}

static void place_hard_link(const struct entry *entry, int parent, const char *base)
{
    char path[NAME_LIMIT + 2];
    path_clean(entry->link, path, "the target of the hard link");
    const char *target = path_split(path);
    closed_at_exit int from = path_resolve(path);
    struct stat old, new;
    if (from < 0 || *target == '\0' || fstatat(from, target, &old, AT_SYMLINK_NOFOLLOW) < 0)
        fail("a hard link to something that is not in the archive");
    if (S_ISDIR(old.st_mode))
        fail("a hard link to a folder");
    if (fstatat(parent, base, &new, AT_SYMLINK_NOFOLLOW) == 0) {
        if (new.st_ino == old.st_ino)
            return;
        path_make_room(parent, base);
    }
    if (linkat(from, target, parent, base, 0) < 0)
        fail_errno("cannot make the hard link");
}

static void place_symbolic_link(const struct entry *entry, int parent, const char *base)
{
    if (entry->link[0] == '\0')
        fail("a symbolic link to nothing");
    path_make_room(parent, base);
    if (symlinkat(entry->link, parent, base) < 0)
        fail_errno("cannot make the symbolic link");
    metadata_closed(entry, parent, base);
}

static void place_node(const struct entry *entry, int parent, const char *base)
{
    mode_t type = entry->type == '3' ? S_IFCHR : entry->type == '4' ? S_IFBLK : S_IFIFO;
    path_make_room(parent, base);
    if (mknodat(parent, base, type | 0600, makedev(entry->major, entry->minor)) < 0)
        fail_errno("cannot make the device or pipe");
    metadata_closed(entry, parent, base);
}

/* Whiteouts of the OCI image layer specification, in the form overlayfs has for them. */
static void place_whiteout(int parent, const char *base, const char *hidden)
{
    if (strcmp(base, ".wh..wh..opq") == 0) {
        closed_at_exit int folder = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
            fail_errno("cannot open the folder");
        folder_mark_opaque(folder);
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
        folder_mark_opaque(folder);
}

static void place_root(const struct entry *entry)
{
    if (entry->type != '5')
        fail("something that is not a folder has no name");
    if (!path_is_layer())
        return; /* that folder was there before, and is not the archive's */
    closed_at_exit int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        fail_errno("cannot open the folder");
    metadata_open(entry, folder);
    metadata_remember(entry, "", folder);
}

int64_t place_entry(const struct entry *entry)
{
    static char path[NAME_LIMIT + 2], whole[NAME_LIMIT + 1];
    path_clean(entry->name, path, "its name");
    if (*path == '\0') {
        place_root(entry);
        return 0;
    }
    strcpy(whole, path);
    const char *base = path_split(path);
    int parent = path_parent(path);
    if (path_is_layer() && strncmp(base, ".wh.", 4) == 0) {
        place_whiteout(parent, base, base + 4);
        return 0;
    }
    path_check_kind(parent, base, entry->type == '5');
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
        closed_at_exit int folder = folder_make(parent, base);
        metadata_open(entry, folder);
        metadata_remember(entry, whole, folder);
        return 0;
    }
    default:
        place_node(entry, parent, base);
        return 0;
    }
}
