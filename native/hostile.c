#define _GNU_SOURCE
#include "hostile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN 200 /* bytes of a name */

void print_quoted(const char *name)
{
    fputc('"', stderr);
    for (int i = 0; name[i] != '\0'; i++) {
        if (i == SHOWN) {
            fputs("...", stderr);
            break;
        }
        unsigned char byte = (unsigned char)name[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\')
            fprintf(stderr, "\\x%02x", byte);
        else
            fputc(byte, stderr);
    }
    fputc('"', stderr);
}

long long process_start_time(int folder)
{
    char text[1024];
    int fd = openat(folder, "stat", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (length <= 0)
        return -1;
    text[length] = '\0';
    char *field = strrchr(text, ')'); /* the name may hold anything */
    for (int i = 2; field != NULL && i < 22; i++) field = strchr(field + 1, ' ');
    return field == NULL ? -1 : atoll(field);
}
