#define _GNU_SOURCE
#include "archiver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* struct posix_header of tar(5). */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2],
        user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

static uint8_t *records;
static size_t records_used, records_size;

static void append(const void *bytes, size_t length)
{
    if (records_used + length > records_size) {
        records_size = 2 * (records_used + length) + 4096;
        records = realloc(records, records_size);
        if (records == NULL)
            fail("too little memory");
    }
    memcpy(records + records_used, bytes, length);
    records_used += length;
}

/* The length counts its own digits. */
void pax_add(const char *key, const void *value, size_t length)
{
    size_t rest = strlen(key) + length + 3, total = rest + 1;
    char start[32];
    for (size_t digits = 1; (size_t)snprintf(start, sizeof start, "%zu", total) != digits; digits++)
        total = rest + digits + 1;
    append(start, (size_t)snprintf(start, sizeof start, "%zu ", total));
    append(key, strlen(key));
    append("=", 1);
    append(value, length);
    append("\n", 1);
}

static void pax_number(const char *key, uint64_t value)
{
    char text[32];
    pax_add(key, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, value));
}

/* Octal digits and a zero byte; what does not fit is said by a PAX record, and left out here. */
static bool octal(char *field, size_t size, uint64_t value)
{
    bool fits = value >> 3 * (size - 1) == 0;
    snprintf(field, size, "%0*" PRIo64, (int)size - 1, fits ? value : 0);
    return fits;
}

static void finish(struct header *header)
{
    memcpy(header->magic, "ustar", 6);
    memcpy(header->version, "00", 2);
    memset(header->checksum, ' ', sizeof header->checksum);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof *header; i++) sum += ((unsigned char *)header)[i];
    snprintf(header->checksum, 7, "%06o", sum);
}

static void write_pax(const char *name)
{
    struct header header = {.type = 'x'};
    snprintf(header.name, sizeof header.name, "PaxHeaders.0/%.80s", name);
    octal(header.mode, sizeof header.mode, 0644);
    octal(header.uid, sizeof header.uid, 0);
    octal(header.gid, sizeof header.gid, 0);
    octal(header.size, sizeof header.size, records_used);
    octal(header.mtime, sizeof header.mtime, 0);
    finish(&header);
    output(&header, sizeof header);
    output(records, records_used);
    output_padding((int64_t)records_used);
    records_used = 0;
}

/* Without nanoseconds where there are none; before 1970 as a negative decimal. */
static void pax_time(const struct timespec *time)
{
    char text[40];
    int64_t seconds = time->tv_sec;
    long nanoseconds = time->tv_nsec;
    bool negative = seconds < 0;
    if (negative && nanoseconds > 0) {
        seconds++;
        nanoseconds = 1000000000 - nanoseconds;
    }
    int length = snprintf(text, sizeof text, "%s%" PRId64, negative ? "-" : "", negative ? -seconds : seconds);
    if (nanoseconds > 0)
        length += snprintf(text + length, sizeof text - (size_t)length, ".%09ld", nanoseconds);
    pax_add("mtime", text, (size_t)length);
}

static void put_name(char *field, size_t size, const char *key, const char *value)
{
    size_t length = strlen(value);
    memcpy(field, value, length < size ? length : size);
    if (length > size)
        pax_add(key, value, length);
}

void header_write(const struct entry *entry, const char *base, const struct view *view)
{
    const struct stat *status = &entry->status;
    struct header header = {.type = entry->type};
    put_name(header.name, sizeof header.name, "path", entry->name);
    if (entry->link != NULL)
        put_name(header.link, sizeof header.link, "linkpath", entry->link);
    octal(header.mode, sizeof header.mode, status->st_mode & 07777);
    uint32_t uid = id_in(view, status->st_uid), gid = id_in(view, status->st_gid);
    if (!octal(header.uid, sizeof header.uid, uid))
        pax_number("uid", uid);
    if (!octal(header.gid, sizeof header.gid, gid))
        pax_number("gid", gid);
    if (!octal(header.size, sizeof header.size, (uint64_t)entry->size))
        pax_number("size", (uint64_t)entry->size);
    bool device = entry->type == '3' || entry->type == '4';
    bool fits = octal(header.major, sizeof header.major, device ? major(status->st_rdev) : 0);
    if (!(octal(header.minor, sizeof header.minor, device ? minor(status->st_rdev) : 0) && fits))
        fail("its device number does not fit into an archive");
    int64_t seconds = status->st_mtim.tv_sec;
    bool whole = seconds >= 0 && octal(header.mtime, sizeof header.mtime, (uint64_t)seconds);
    if (!whole || status->st_mtim.tv_nsec > 0)
        pax_time(&status->st_mtim);
    if (base != NULL)
        xattrs_add(base, view);
    finish(&header);
    if (records_used > 0)
        write_pax(entry->name);
    output(&header, sizeof header);
}
