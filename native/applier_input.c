#include "applier.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static uint8_t buffer[256 * 1024];
static size_t start, end;

/* Fills the empty buffer; false at the end of the input. */
static bool refill(void)
{
    for (;;) {
        ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail_errno("cannot read the archive");
        start = 0;
        end = (size_t)got;
        return got > 0;
    }
}

size_t input_some(const uint8_t **bytes, size_t most)
{
    if (start == end && !refill())
        return 0;
    size_t length = end - start < most ? end - start : most;
    *bytes = buffer + start;
    start += length;
    return length;
}

bool input_exactly(void *target, size_t length)
{
    uint8_t *to = target;
    for (size_t done = 0; done < length;) {
        const uint8_t *bytes;
        size_t got = input_some(&bytes, length - done);
        if (got == 0 && done == 0)
            return false;
        if (got == 0)
            fail("the archive is truncated");
        memcpy(to + done, bytes, got);
        done += got;
    }
    return true;
}

void input_skip(int64_t length)
{
    while (length > 0) {
        const uint8_t *bytes;
        size_t got = input_some(&bytes, length < 1 << 20 ? (size_t)length : 1 << 20);
        if (got == 0)
            fail("the archive is truncated");
        length -= (int64_t)got;
    }
}

void input_drain(int64_t most)
{
    const uint8_t *bytes;
    for (size_t got; (got = input_some(&bytes, sizeof buffer)) > 0; most -= (int64_t)got)
        if (most < (int64_t)got)
            fail("too much follows the end of the archive");
}
