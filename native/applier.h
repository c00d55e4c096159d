/*
 * gantry-applier: an uncompressed tar stream onto disk, into one folder and nowhere else.
 *
 *   applier.c           arguments, the jail, the loop
 *   applier_target.c    where it goes when that is no plain folder: into a container, running or not
 *   applier_fail.c      the one line on standard error
 *   applier_input.c     standard input, buffered
 *   applier_tar.c       tar headers into entries (ustar, GNU, PAX; pax(1), tar(5))
 *   applier_pax.c       PAX records and sparse maps
 *   applier_path.c      names into the folder, and never out of it
 *   applier_metadata.c  owner, mode, attributes, times
 *   applier_place.c     one entry into the folder
 *
 * Any failure ends the process: whoever started it removes the folder.
 */
#ifndef GANTRY_APPLIER_H
#define GANTRY_APPLIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define BLOCK 512
#define NAME_LIMIT 3072       /* so that folder + name stays below PATH_MAX for those who clean up */
#define LINK_LIMIT 4095       /* PATH_MAX - 1, what symlink(2) takes */
#define PAX_LIMIT (1 << 20)   /* bytes of one extended header, as Go's archive/tar has it */
#define XATTR_LIMIT 128       /* per entry */
#define EXTENT_LIMIT (1 << 18) /* data areas of one sparse file */

struct limits {
    int64_t bytes;   /* of file data, and of anything skipped */
    int64_t entries;
};

struct extent {
    int64_t offset, length;
};

struct xattr {
    char name[256];
    const uint8_t *value; /* valid until the next entry is read */
    size_t length;
};

struct entry {
    char type; /* '0' file, '1' hard link, '2' symbolic link, '3' char, '4' block device, '5' folder, '6' fifo */
    char name[NAME_LIMIT + 1];
    char link[LINK_LIMIT + 1];
    uint32_t mode, uid, gid, major, minor;
    int64_t stored; /* bytes of data in the archive */
    int64_t size;   /* bytes of the file; larger than stored when sparse */
    struct timespec mtime;
    bool sparse;
    struct extent *extents; /* of a sparse file, ascending */
    size_t extent_count;
    struct xattr xattrs[XATTR_LIMIT];
    size_t xattr_count;
};

#define LOWER_LIMIT 128

/* A container's root and a folder in it. */
struct target {
    int64_t pid, start;             /* a process that sees it, and its start time; or */
    const char *upper, *work;       /* overlayfs's folders, */
    const char *lower[LOWER_LIMIT]; /* topmost first: all found from the current folder */
    size_t lower_count;
    int64_t base;                   /* the host's id of the container's root; -1 where that is 0 */
    const char *path;               /* the folder */
};

/* applier_target.c */

/* Makes the target's folder the current one, and this process its owner: root, as the container knows it. */
void target_enter(const struct target *target);

/* applier_fail.c */

/* The entry that failures are about from now on; NULL for the archive as a whole. */
void fail_about(const struct entry *entry);
/* Prints `applier: entry "name": what` and exits with 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, with errno's text. */
_Noreturn void fail_errno(const char *what);

/* applier_input.c */

/* Points at the next bytes of standard input, at most `most` of them; 0 only at the end. */
size_t input_some(const uint8_t **bytes, size_t most);
/* Reads exactly `length` bytes; false when the input ends before the first of them. Fails when it ends in between. */
bool input_exactly(void *buffer, size_t length);
void input_skip(int64_t length);
/* Reads to the end, failing beyond `most` bytes. */
void input_drain(int64_t most);

/* applier_tar.c */

/* Reads the next entry; false at the end of the archive. Unread data of the last one is skipped. */
bool tar_next(struct entry *entry, const struct limits *limits);
/* Points at the next bytes of the entry's data, at most `most` of them; 0 when all were read. */
size_t tar_data(const uint8_t **bytes, size_t most);

/* applier_pax.c */

/* Values that a PAX header holds for one entry beyond what goes straight into it. */
struct pax {
    int64_t size;           /* -1 when absent */
    int64_t real_size;      /* GNU.sparse.size or .realsize, -1 when absent */
    int64_t pending_offset; /* GNU.sparse.offset that waits for its numbytes, -1 for none */
    bool named, linked;     /* path, linkpath were set */
    bool sparse_named;      /* GNU.sparse.name was set: it wins over path */
    bool sparse;            /* map in the records (GNU sparse 0.0 and 0.1) */
    int64_t major, minor;   /* GNU.sparse.major and .minor, -1 when absent: 1.0 has its map in the data */
};
void pax_reset(struct pax *pax, struct entry *entry);
/* Applies the records of one extended header to the entry. */
void pax_apply(const uint8_t *records, size_t length, struct pax *pax, struct entry *entry);
/* Reads the map of GNU sparse 1.0 from the start of the entry's data; returns the bytes it took. */
int64_t pax_map_from_data(struct entry *entry, int64_t available);
void sparse_add(struct entry *entry, int64_t offset, int64_t length);
/* Fails unless the areas ascend, lie inside the file and hold exactly the stored bytes. */
void sparse_check(const struct entry *entry, int64_t stored);

/* applier_path.c: the only way to anything in the root. Descriptors it returns are O_PATH unless said otherwise. */

/*
 * From now on entries go into this folder; it must be the process's root folder. `layer`: names of whiteouts mean
 * them, and nothing is mounted below.
 */
void path_root(int folder, bool layer);
bool path_is_layer(void);
/* From now on a folder is not replaced by something else, nor the other way round. */
void path_keep_kinds(void);
/* Fails where that would happen. */
void path_check_kind(int parent, const char *base, bool folder);
/*
 * Opens a folder by its path from the root; symbolic links on the way lead where they would lead inside the container.
 * -1 with errno when there is none.
 */
int path_resolve(const char *path);
/* Strips leading, doubled and trailing slashes and `.` into `path` (NAME_LIMIT + 2 bytes); fails on `..`. */
void path_clean(const char *name, char *path, const char *what);
/* Cuts a clean path at its last slash; the parent of a name without one is "". Returns the last component. */
const char *path_split(char *path);
/* Opens the folder an entry lies in, making what is missing. It stays the module's to close. */
int path_parent(const char *path);
/* Removes what has the name, if anything. Returns whether that was a whiteout. */
bool path_make_room(int parent, const char *base);
/* Makes a folder or keeps the one that is there, and opens it for reading. */
int folder_make(int parent, const char *base);
void folder_mark_opaque(int folder);
void close_fd(int *fd);
#define closed_at_exit __attribute__((cleanup(close_fd)))

/* applier_metadata.c */

/* Owner, mode and attributes of an open file or folder. Its time comes last: metadata_times, metadata_remember. */
void metadata_open(const struct entry *entry, int fd);
/* All metadata of what cannot or must not be opened. */
void metadata_closed(const struct entry *entry, int parent, const char *base);
void metadata_times(int parent, const char *base, const struct timespec *mtime);
/* A folder's time is set at the end: placing entries in it changes it. */
void metadata_remember(const struct entry *entry, const char *path, int folder);
void metadata_finish(void);

/* applier_place.c */

/* Returns the bytes of data written. */
int64_t place_entry(const struct entry *entry);

#endif
