#define _GNU_SOURCE
#include "archiver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[NAME_LIMIT + 2] = "/";

static void write_line(char kind)
{
    output(&kind, 1);
    output(path, strlen(path) + 1);
}

static int open_folder(int parent, const char *base)
{
    return openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void list_folder(int folder, int below, size_t length);

static void list_one(int folder, int below, const char *base, size_t length)
{
    struct stat status, old;
    if (fstatat(folder, base, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return; /* removed meanwhile */
    bool known = below >= 0 && fstatat(below, base, &old, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_whiteout(&status)) {
        if (known)
            write_line('D');
        return;
    }
    write_line(known ? 'C' : 'A');
    if (!S_ISDIR(status.st_mode))
        return;
    int inner = open_folder(folder, base);
    if (inner < 0)
        return; /* replaced meanwhile */
    if (fchdir(folder) < 0)
        fail_errno("cannot enter the folder");
    int inner_below = known && S_ISDIR(old.st_mode) && !is_opaque(base) ? open_folder(below, base) : -1;
    strcpy(path + length, "/");
    list_folder(inner, inner_below, length + 1);
    close(inner);
    if (inner_below >= 0)
        close(inner_below);
}

static void list_folder(int folder, int below, size_t length)
{
    char **names = read_names(open_folder(folder, "."));
    for (char **name = names; *name != NULL; free(*name++)) {
        if (length + strlen(*name) + 1 > NAME_LIMIT)
            fail("lies too deep");
        strcpy(path + length, *name);
        list_one(folder, below, *name, length + strlen(*name));
    }
    path[length] = '\0';
    free(names);
}

void list_changes(int folder, int below)
{
    fail_about(path);
    list_folder(folder, below, 1);
    fail_about(NULL);
}
