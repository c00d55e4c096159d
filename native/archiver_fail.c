#include "archiver.h"
#include "hostile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *subject;

void fail_about(const char *name)
{
    subject = name;
}

static void start_line(void)
{
    fputs("archiver: ", stderr);
    if (subject == NULL)
        return;
    print_quoted(subject);
    fputs(": ", stderr);
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
