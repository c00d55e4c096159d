#include "archiver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *subject;

void fail_about(const char *name)
{
    subject = name;
}

/* Names are hostile: no control character, quote or half of a UTF-8 sequence reaches a terminal or a log. */
static void start_line(void)
{
    fputs("archiver: ", stderr);
    if (subject == NULL)
        return;
    fputc('"', stderr);
    for (int i = 0; subject[i] != '\0' && i < 200; i++) {
        unsigned char byte = (unsigned char)subject[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\')
            fprintf(stderr, "\\x%02x", byte);
        else
            fputc(byte, stderr);
    }
    fputs("\": ", stderr);
}

_Noreturn void fail(const char *what)
{
    start_line();
    fprintf(stderr, "%s\n", what);
    exit(1);
}

_Noreturn void fail_errno(const char *what)
{
    int error = errno;
    start_line();
    fprintf(stderr, "%s: %s\n", what, strerror(error));
    exit(1);
}
