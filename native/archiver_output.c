#include "archiver.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static uint8_t buffer[256 * 1024];
static size_t used;

static void flush(void)
{
    for (size_t done = 0; done < used;) {
        ssize_t put = write(STDOUT_FILENO, buffer + done, used - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            fail_errno("cannot write the archive");
        done += (size_t)put;
    }
    used = 0;
}

void output(const void *bytes, size_t length)
{
    const uint8_t *from = bytes;
    while (length > 0) {
        if (used == sizeof buffer)
            flush();
        size_t fits = sizeof buffer - used < length ? sizeof buffer - used : length;
        memcpy(buffer + used, from, fits);
        used += fits;
        from += fits;
        length -= fits;
    }
}

void output_zeros(int64_t length)
{
    static const uint8_t zeros[64 * 1024];
    for (; length > 0; length -= (int64_t)sizeof zeros)
        output(zeros, length < (int64_t)sizeof zeros ? (size_t)length : sizeof zeros);
}

void output_padding(int64_t length)
{
    output_zeros((BLOCK - length % BLOCK) % BLOCK);
}

void output_finish(int64_t zeros)
{
    output_zeros(zeros);
    flush();
}
