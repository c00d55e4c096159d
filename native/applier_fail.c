#include "applier.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct entry *subject;

void fail_about(const struct entry *entry)
{
    subject = entry;
}

/* Names are hostile: no control character, quote or half of a UTF-8 sequence reaches a terminal or a log. */
static void print_quoted(const char *name)
{
    fputc('"', stderr);
    for (int i = 0; name[i] != '\0'; i++) {
        if (i == 200) {
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

static void start_line(void)
{
    fputs("applier: ", stderr);
    if (subject == NULL)
        return;
    fputs("entry ", stderr);
    print_quoted(subject->name);
    fputs(": ", stderr);
}

_Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    start_line();
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

_Noreturn void fail_errno(const char *what)
{
    int error = errno;
    start_line();
    fprintf(stderr, "%s: %s\n", what, strerror(error));
    exit(1);
}
