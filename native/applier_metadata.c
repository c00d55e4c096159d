#define _GNU_SOURCE
#include "applier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

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
void metadata_open(const struct entry *entry, int fd)
{
    if (fchown(fd, entry->uid, entry->gid) < 0)
        fail_errno("cannot set its owner");
    if (fchmod(fd, entry->mode) < 0)
        fail_errno("cannot set its mode");
    set_xattrs(entry, fd, NULL);
}

void metadata_times(int parent, const char *base, const struct timespec *mtime)
{
    struct timespec times[2] = {*mtime, *mtime};
    if (utimensat(parent, base, times, AT_SYMLINK_NOFOLLOW) < 0)
        fail_errno("cannot set its time");
}

/* Metadata of what cannot or must not be opened. Nobody else is in here, so the name still is what was just made. */
void metadata_closed(const struct entry *entry, int parent, const char *base)
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
    metadata_times(parent, base, &entry->mtime);
}

void metadata_remember(const struct entry *entry, const char *path, int folder)
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

void metadata_finish(void)
{
    static char path[NAME_LIMIT + 2];
    for (struct folder *folder = folders; folder != NULL; folder = folder->next) {
        strcpy(path, folder->name);
        const char *base = path_split(path);
        struct stat status;
        closed_at_exit int parent = path_resolve(path);
        if (*base == '\0')
            base = ".";
        /* A later entry may have replaced the folder; then it has that entry's time. */
        if (parent >= 0 && fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            status.st_ino == folder->inode)
            metadata_times(parent, base, &folder->mtime);
    }
}
