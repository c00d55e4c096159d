#include "applier.h"
#include "hostile.h"

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
