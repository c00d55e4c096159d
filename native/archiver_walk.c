#define _GNU_SOURCE
#include "archiver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * Invariants: a folder is opened by its name in its open parent and never through a link; a file is read only if what
 * was opened is one. The tree may change meanwhile: a file has exactly the bytes its header says, whatever becomes of it.
 */

/* Of what has several names, the first. */
struct linked {
    struct linked *next;
    dev_t device;
    ino_t inode;
    char name[];
};
#define BUCKETS 65536
static struct linked *buckets[BUCKETS];

static char path[NAME_LIMIT + 2]; /* of the entry at hand, with a slash at the end of a folder's */
static uint64_t own_mount;

bool is_whiteout(const struct stat *status)
{
    return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL)
        fail("too little memory");
    return memory;
}

static struct linked **bucket_of(const struct stat *status)
{
    return &buckets[(status->st_ino ^ status->st_dev) % BUCKETS];
}

/* The name under which it is in the archive already. */
static const char *first_name(const struct stat *status)
{
    for (struct linked *one = *bucket_of(status); one != NULL; one = one->next)
        if (one->inode == status->st_ino && one->device == status->st_dev)
            return one->name;
    return NULL;
}

static void remember(const struct stat *status)
{
    struct linked **bucket = bucket_of(status), *one = allocate(sizeof *one + strlen(path) + 1);
    one->next = *bucket;
    one->device = status->st_dev;
    one->inode = status->st_ino;
    strcpy(one->name, path);
    *bucket = one;
}

/* Of statfs(2): what shows the kernel, and not files. */
static bool is_kernels(int parent, const char *base)
{
    static const long types[] = {0x9fa0 /* proc */, 0x62656572 /* sysfs */, 0x27e0eb /* cgroup */,
                                 0x63677270 /* cgroup2 */, 0x1cd1 /* devpts */, 0x19800202 /* mqueue */};
    struct statfs status;
    int fd = openat(parent, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool kernels = fd < 0 || fstatfs(fd, &status) < 0;
    for (size_t i = 0; !kernels && i < sizeof types / sizeof *types; i++) kernels = status.f_type == types[i];
    if (fd >= 0)
        close(fd);
    return kernels;
}

/* Whether something is mounted over it that does not belong to the tree. */
static bool is_mounted_over(int parent, const char *base, const struct view *view)
{
    struct statx status;
    if (statx(parent, base, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID, &status) < 0)
        return false;
    if ((status.stx_mask & STATX_MNT_ID) == 0 || status.stx_mnt_id == own_mount)
        return false;
    return !view->mounts || is_kernels(parent, base);
}

static void write_data(int fd, int64_t size)
{
    static uint8_t bytes[256 * 1024];
    int64_t left = size;
    while (left > 0) {
        ssize_t got = read(fd, bytes, left < (int64_t)sizeof bytes ? (size_t)left : sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail_errno("cannot read the file");
        if (got == 0)
            break;
        output(bytes, (size_t)got);
        left -= got;
    }
    output_zeros(left);
    output_padding(size);
}

/* False when there is none any more. */
static bool write_file(int parent, const char *base, struct entry *entry, const struct view *view)
{
    bool hidden = is_mounted_over(parent, base, view);
    int fd = openat(parent, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == ENXIO))
        return false; /* removed or replaced meanwhile */
    if (fd < 0)
        fail_errno("cannot open the file");
    if (fstat(fd, &entry->status) < 0)
        fail_errno("cannot look at the file");
    bool file = S_ISREG(entry->status.st_mode);
    if (file) {
        entry->size = hidden ? 0 : entry->status.st_size;
        header_write(entry, hidden ? NULL : base, view);
        write_data(fd, entry->size);
    }
    close(fd);
    return file;
}

/* Its time says nothing: whoever unpacks it makes something else of it. */
static void write_marker(const char *prefix, const char *base)
{
    char name[NAME_LIMIT + 32];
    snprintf(name, sizeof name, "%.*s%s%s", (int)(strlen(path) - strlen(base)), path, prefix, base);
    struct entry entry = {.type = '0', .name = name};
    header_write(&entry, NULL, &(struct view){.base = -1});
}

/* Anything but a folder, under its first name. False when it is not in the archive. */
static bool write_leaf(int parent, const char *base, const struct stat *status, const struct view *view)
{
    static char target[4096];
    struct entry entry = {.name = path, .status = *status};
    switch (status->st_mode & S_IFMT) {
    case S_IFREG:
        entry.type = '0';
        return write_file(parent, base, &entry, view);
    case S_IFLNK: {
        ssize_t length = readlinkat(parent, base, target, sizeof target - 1);
        if (length < 0)
            return false; /* replaced meanwhile */
        target[length] = '\0';
        entry.type = '2';
        entry.link = target;
        break;
    }
    case S_IFCHR:
        entry.type = '3';
        break;
    case S_IFBLK:
        entry.type = '4';
        break;
    case S_IFIFO:
        entry.type = '6';
        break;
    default:
        return false; /* a socket means nothing without its program */
    }
    header_write(&entry, base, view);
    return true;
}

static void write_one(int parent, const char *base, const struct stat *status, const struct view *view)
{
    /* Before its links are looked at: overlayfs gives one whiteout many names. */
    if (view->changes && is_whiteout(status)) {
        write_marker(".wh.", base);
        return;
    }
    const char *first = status->st_nlink > 1 ? first_name(status) : NULL;
    if (first != NULL) {
        struct entry entry = {.type = '1', .name = path, .link = first, .status = *status};
        header_write(&entry, NULL, view);
    } else if (write_leaf(parent, base, status, view) && status->st_nlink > 1)
        remember(status);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **read_names(int folder)
{
    size_t count = 0, size = 64;
    char **names = allocate(size * sizeof *names);
    DIR *stream = fdopendir(folder);
    if (stream == NULL)
        fail_errno("cannot read the folder");
    errno = 0;
    for (struct dirent *one; (one = readdir(stream)) != NULL; errno = 0) {
        if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0)
            continue;
        if (count + 1 == size && (names = realloc(names, (size *= 2) * sizeof *names)) == NULL)
            fail("too little memory");
        names[count] = strdup(one->d_name);
        if (names[count++] == NULL)
            fail("too little memory");
    }
    if (errno != 0)
        fail_errno("cannot read the folder");
    closedir(stream);
    qsort(names, count, sizeof *names, by_name);
    names[count] = NULL;
    return names;
}

static void walk_folder(int folder, size_t length, const struct view *view);
static void write_name(int folder, const char *name, size_t length, const struct view *view);

static void walk_below(int parent, const char *base, size_t length, const struct stat *status, const struct view *view)
{
    struct entry entry = {.type = '5', .name = path, .status = *status};
    bool mounted = is_mounted_over(parent, base, view);
    header_write(&entry, mounted ? NULL : base, view);
    if (mounted)
        return;
    if (view->changes && is_opaque(base))
        write_marker(".wh..wh..opq", "");
    int folder = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return; /* removed or replaced meanwhile */
    if (folder < 0)
        fail_errno("cannot open the folder");
    walk_folder(folder, length, view);
    close(folder);
    if (fchdir(parent) < 0)
        fail_errno("cannot return from the folder");
}

/* `path` holds the folder's name, `length` bytes. Attributes are read by name in the current folder: it is this one. */
static void walk_folder(int folder, size_t length, const struct view *view)
{
    if (fchdir(folder) < 0)
        fail_errno("cannot enter the folder");
    char **names = read_names(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (char **name = names; *name != NULL; free(*name++)) write_name(folder, *name, length, view);
    free(names);
}

static void write_name(int folder, const char *name, size_t length, const struct view *view)
{
    struct stat status;
    size_t all = length + strlen(name);
    if (all + 1 > NAME_LIMIT)
        fail("lies too deep");
    strcpy(path + length, name);
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            fail_errno("cannot look at it");
    } else if (S_ISDIR(status.st_mode)) {
        strcpy(path + all, "/");
        walk_below(folder, name, all + 1, &status, view);
    } else
        write_one(folder, name, &status, view);
    path[length] = '\0';
}

static void enter(int folder)
{
    struct statx mount;
    if (fchdir(folder) < 0 || statx(folder, "", AT_EMPTY_PATH, STATX_MNT_ID, &mount) < 0)
        fail_errno("cannot look at the folder");
    own_mount = mount.stx_mnt_id;
    fail_about(path);
}

void walk(int folder, const struct view *view)
{
    struct entry entry = {.type = '5', .name = "./"};
    enter(folder);
    if (fstat(folder, &entry.status) < 0)
        fail_errno("cannot look at the folder");
    header_write(&entry, ".", view);
    walk_folder(folder, 0, view);
    fail_about(NULL);
}

void walk_name(int folder, const char *base, const struct view *view)
{
    enter(folder);
    write_name(folder, base, 0, view);
    fail_about(NULL);
}
