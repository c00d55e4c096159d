/*
 * gantry-archiver: one folder as a PAX tar stream on standard output, the counterpart of gantry-applier.
 *
 *   archiver.c          arguments, the jail
 *   archiver_source.c   what is read: a folder, several over each other, a process's root; a path in it
 *   archiver_fail.c     the one line on standard error
 *   archiver_output.c   standard output, buffered
 *   archiver_walk.c     the tree, sorted by name, links never followed
 *   archiver_list.c     instead of an archive: what differs from the folders below
 *   archiver_header.c   one entry's headers (ustar and PAX; pax(1), tar(5))
 *   archiver_xattr.c    extended attributes that belong into an archive
 *
 * The same tree gives the same bytes. Any failure ends the process with 1: whoever reads must not take the end of the
 * stream for the end of the archive.
 */
#ifndef GANTRY_ARCHIVER_H
#define GANTRY_ARCHIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define BLOCK 512
#define NAME_LIMIT 3072 /* as the applier has it */
#define IDS 0x10000     /* ids a container has of its own */

/* How the folder is read. */
struct view {
    bool mounts;   /* what is mounted below belongs to it, but for views of the kernel */
    bool changes;  /* it is overlayfs's upper folder: whiteouts and opaque folders are said in OCI's form (layer.md) */
    int64_t base;  /* host ids from here to base + IDS are those of a container, counted from 0; -1: none are */
};

struct entry {
    char type;        /* '0' file, '1' hard link, '2' symbolic link, '3' char, '4' block device, '5' folder, '6' fifo */
    const char *name; /* relative to the folder, without a slash in front */
    const char *link; /* target of a link, else NULL */
    struct stat status;
    int64_t size;     /* bytes that follow */
};

/* archiver_source.c: each returns an open folder */

/* One folder, or several, the topmost first, as overlayfs shows them one over the other: NULL ends the list. */
int source_folders(char **folders);
/* The root of a process, which a pid alone does not name: `start` is its start time (proc_pid_stat(5), field 22). */
int source_process(int64_t pid, int64_t start);
/* A descriptor that can be read from, for one that may only be a name. The other one is closed. */
int readable(int folder);
/*
 * Opens the folder in which `path` lies, symbolic links on the way leading where they lead inside the root. Returns the
 * last component; "." for the root itself and for a path that ends in one, with the folder itself open.
 */
const char *source_path(int root, char *path, int *parent);

/* archiver_fail.c */

/* The name failures are about from now on; NULL for the whole. */
void fail_about(const char *name);
_Noreturn void fail(const char *what);
_Noreturn void fail_errno(const char *what);

/* archiver_output.c */

void output(const void *bytes, size_t length);
/* Zeros up to the next block. */
void output_padding(int64_t length);
void output_zeros(int64_t length);
/* Ends the output with so many zeros. */
void output_finish(int64_t zeros);

/* archiver_header.c */

/* Everything of an entry but its data. `parent` is the open folder it lies in, and the current one. */
void header_write(const struct entry *entry, const char *base, const struct view *view);
/* One record of a PAX header, `length key=value\n`, kept for the next header_write. */
void pax_add(const char *key, const void *value, size_t length);

/* archiver_xattr.c */

/* Adds a record for each attribute of `base`, a name in the current folder that is not followed. */
void xattrs_add(const char *base, const struct view *view);
/* Whether overlayfs hides what lower layers have in the folder. */
bool is_opaque(const char *base);
/* An id on this machine as the view has it. */
uint32_t id_in(const struct view *view, uint32_t id);

/* archiver_walk.c */

/* Writes the folder, as `./`, and everything below it. */
void walk(int folder, const struct view *view);
/* Writes what has this name in the folder, and everything below it, under the same name. */
void walk_name(int folder, const char *base, const struct view *view);
/* Takes the descriptor of a folder over. Returns the names in it, sorted, and a NULL; all are the caller's to free. */
char **read_names(int folder);
bool is_whiteout(const struct stat *status);

/* archiver_list.c */

/*
 * Writes what the folder, an upper one of overlayfs, changes of what lies below it: `A`, `C` or `D` (added, changed,
 * deleted), the absolute path, a zero byte.
 */
void list_changes(int folder, int below);

#endif
