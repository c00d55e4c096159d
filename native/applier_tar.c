#define _GNU_SOURCE
#include "applier.h"

#include <stdlib.h>
#include <string.h>

/* Offsets and lengths of the fields of a header block: tar(5), "POSIX ustar Archives" and "GNU tar". */
enum {
    NAME = 0, NAME_LENGTH = 100,
    MODE = 100, UID = 108, GID = 116, NUMBER = 8,
    SIZE = 124, MTIME = 136, LONG_NUMBER = 12,
    CHECKSUM = 148, TYPE = 156,
    LINK = 157, LINK_LENGTH = 100,
    MAGIC = 257, MAJOR = 329, MINOR = 337,
    PREFIX = 345, PREFIX_LENGTH = 155, STAR_PREFIX_LENGTH = 131, STAR_MAGIC = 508,
    GNU_SPARSE = 386, GNU_SPARSE_COUNT = 4, GNU_MORE = 482, GNU_REAL_SIZE = 483,
    GNU_MORE_COUNT = 21, GNU_MORE_MORE = 504,
};

static int64_t data_left, padding_left; /* of the entry last read */

static uint8_t local[PAX_LIMIT], global[PAX_LIMIT];
static size_t local_length, global_length;

/* A number as octal digits, or as GNU's base 256 when the first bit is set. */
static int64_t number(const uint8_t *field, size_t length)
{
    if (field[0] & 0x80) {
        int64_t value = (field[0] & 0x7f) - ((field[0] & 0x40) << 1);
        for (size_t i = 1; i < length; i++) {
            if (value > INT64_MAX / 256 - 1 || value < INT64_MIN / 256)
                fail("a number in its header is too large");
            value = value * 256 + field[i];
        }
        return value;
    }
    int64_t value = 0;
    size_t i = 0;
    while (i < length && (field[i] == ' ' || field[i] == '\0'))
        i++;
    for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
        value = value * 8 + (field[i] - '0');
    if (i < length && field[i] != ' ' && field[i] != '\0')
        fail("its header holds something else where a number belongs");
    return value;
}

static int64_t size_number(const uint8_t *field)
{
    int64_t value = number(field, LONG_NUMBER);
    if (value < 0)
        fail("its size is negative");
    return value;
}

static uint32_t small_number(const uint8_t *field, const char *what)
{
    int64_t value = number(field, NUMBER);
    if (value < 0 || value >= UINT32_MAX)
        fail("its %s is out of range", what);
    return (uint32_t)value;
}

/* The sum of all bytes with the checksum's own taken as spaces; some old programs added signed bytes. */
static void verify_checksum(const uint8_t *block)
{
    int64_t plain = 0, as_signed = 0;
    for (size_t at = 0; at < BLOCK; at++) {
        uint8_t byte = at >= CHECKSUM && at < CHECKSUM + 8 ? ' ' : block[at];
        plain += byte;
        as_signed += (int8_t)byte;
    }
    int64_t wanted = 0;
    size_t i = CHECKSUM;
    while (i < CHECKSUM + 8 && block[i] == ' ')
        i++;
    for (; i < CHECKSUM + 8 && block[i] >= '0' && block[i] <= '7'; i++)
        wanted = wanted * 8 + (block[i] - '0');
    if (wanted != plain && wanted != as_signed)
        fail("not a tar archive, or a damaged one: a header's checksum is wrong");
}

static bool is_zero(const uint8_t *block)
{
    static const uint8_t zero[BLOCK];
    return memcmp(block, zero, BLOCK) == 0;
}

/* Appends a field that ends at a NUL or at its length. */
static void append(char *target, const uint8_t *field, size_t length)
{
    size_t used = strnlen((const char *)field, length), at = strlen(target);
    memcpy(target + at, field, used);
    target[at + used] = '\0';
}

static void header_name(struct entry *entry, const uint8_t *block)
{
    bool posix = memcmp(block + MAGIC, "ustar\0", 6) == 0;
    bool star = posix && memcmp(block + STAR_MAGIC, "tar\0", 4) == 0;
    entry->name[0] = '\0';
    if (posix && block[PREFIX] != '\0') {
        append(entry->name, block + PREFIX, star ? STAR_PREFIX_LENGTH : PREFIX_LENGTH);
        strcat(entry->name, "/");
    }
    append(entry->name, block + NAME, NAME_LENGTH);
}

static int64_t padding_of(int64_t size)
{
    return (BLOCK - size % BLOCK) % BLOCK;
}

/* The body of a header that describes the next one; `most` keeps it from filling memory. */
static size_t read_body(uint8_t *target, int64_t size, int64_t most, const char *what)
{
    if (size > most)
        fail("%s is longer than %lld bytes", what, (long long)most);
    if (size > 0 && !input_exactly(target, (size_t)size))
        fail("the archive is truncated");
    input_skip(padding_of(size));
    return (size_t)size;
}

/* GNU's long names, types L and K. */
static void read_long_name(char *target, int64_t size, int64_t limit)
{
    size_t length = read_body((uint8_t *)target, size, limit, "a name");
    target[length] = '\0';
}

static void gnu_areas(struct entry *entry, const uint8_t *from, int count)
{
    for (int i = 0; i < count && from[24 * i] != '\0'; i++)
        sparse_add(entry, size_number(from + 24 * i), size_number(from + 24 * i + LONG_NUMBER));
}

/* Type S: the map is in the header and in blocks right after it. */
static void gnu_sparse(struct entry *entry, const uint8_t *header)
{
    uint8_t block[BLOCK];
    entry->size = size_number(header + GNU_REAL_SIZE);
    gnu_areas(entry, header + GNU_SPARSE, GNU_SPARSE_COUNT);
    for (bool more = header[GNU_MORE] != 0; more; more = block[GNU_MORE_MORE] != 0) {
        if (!input_exactly(block, BLOCK))
            fail("the archive is truncated");
        gnu_areas(entry, block, GNU_MORE_COUNT);
    }
}

static void end_of_archive(const struct limits *limits)
{
    uint8_t block[BLOCK];
    /* POSIX asks for two blocks of zeros; one and the end of the file is common enough. */
    if (input_exactly(block, BLOCK) && !is_zero(block))
        fail("not a tar archive, or a damaged one: a lone block of zeros in its middle");
    input_drain(limits->bytes);
}

/* Data and names of the entry, once every header that describes it has been read. */
static void complete(struct entry *entry, const uint8_t *header, struct pax *pax, const struct limits *limits)
{
    char type = entry->type;
    int64_t size = pax->size >= 0 ? pax->size : size_number(header + SIZE);
    bool has_data = type == '0' || type == 'S' || type == 'D';
    entry->stored = has_data ? size : 0;
    entry->size = entry->stored;
    padding_left = padding_of(entry->stored);
    if (entry->stored > limits->bytes)
        fail("larger than the limit of %lld bytes", (long long)limits->bytes);

    if (type == 'S') {
        gnu_sparse(entry, header);
        entry->sparse = true;
    } else if (type == '0' && (pax->sparse || pax->major > 0)) {
        if (pax->major > 1 || (pax->major == 1 && pax->minor != 0))
            fail("a sparse file of a format that is not known");
        if (pax->major == 1)
            entry->stored -= pax_map_from_data(entry, entry->stored);
        if (pax->real_size >= 0)
            entry->size = pax->real_size;
        entry->sparse = true;
    }
    if (entry->sparse) {
        entry->type = '0';
        sparse_check(entry, entry->stored);
        if (entry->size > limits->bytes)
            fail("a sparse file of %lld bytes, more than the limit of %lld", (long long)entry->size,
                 (long long)limits->bytes);
    }
    data_left = entry->stored;
}

static void basics(struct entry *entry, const uint8_t *header)
{
    entry->mode = (uint32_t)number(header + MODE, NUMBER) & 07777;
    entry->uid = small_number(header + UID, "owner");
    entry->gid = small_number(header + GID, "group");
    entry->mtime.tv_sec = number(header + MTIME, LONG_NUMBER);
    entry->major = entry->minor = 0;
    if (entry->type == '3' || entry->type == '4') {
        entry->major = small_number(header + MAJOR, "device number");
        entry->minor = small_number(header + MINOR, "device number");
    }
}

bool tar_next(struct entry *entry, const struct limits *limits)
{
    uint8_t header[BLOCK];
    bool long_name = false, long_link = false;
    static char name[NAME_LIMIT + 1], link[LINK_LIMIT + 1];
    static int64_t headers;

    input_skip(data_left + padding_left);
    data_left = padding_left = 0;
    local_length = 0;
    fail_about(NULL);
    for (;;) {
        if (!input_exactly(header, BLOCK))
            fail("the archive is truncated: it has no end marker");
        if (is_zero(header)) {
            end_of_archive(limits);
            return false;
        }
        verify_checksum(header);
        /* Headers about headers do not make entries, but they must not run for ever either. */
        if (++headers / 4 > limits->entries)
            fail("more than %lld entries", (long long)limits->entries);
        int64_t size = size_number(header + SIZE);
        switch (header[TYPE]) {
        case 'L':
            read_long_name(name, size, NAME_LIMIT);
            long_name = true;
            continue;
        case 'K':
            read_long_name(link, size, LINK_LIMIT);
            long_link = true;
            continue;
        case 'x':
        case 'X':
            local_length = read_body(local, size, PAX_LIMIT, "a PAX header");
            continue;
        case 'g':
            global_length += read_body(global + global_length, size, PAX_LIMIT - (int64_t)global_length,
                                       "the global PAX header");
            continue;
        case 'V': /* GNU: the volume's label */
            read_body(local, size, PAX_LIMIT, "the volume label");
            continue;
        default:
            break;
        }
        break;
    }

    struct pax pax;
    pax_reset(&pax, entry);
    header_name(entry, header);
    if (long_name)
        strcpy(entry->name, name);
    fail_about(entry);
    entry->link[0] = '\0';
    append(entry->link, header + LINK, LINK_LENGTH);
    if (long_link)
        strcpy(entry->link, link);
    entry->type = (char)header[TYPE];
    if (entry->type == '\0' || entry->type == '7')
        entry->type = '0';
    if (strchr("0123456SD", entry->type) == NULL)
        fail("an entry of a type that is not known (0x%02x)", (unsigned char)entry->type);
    basics(entry, header);
    pax_apply(global, global_length, &pax, entry);
    pax_apply(local, local_length, &pax, entry);
    complete(entry, header, &pax, limits);

    size_t length = strlen(entry->name);
    if (entry->type == '0' && length > 0 && entry->name[length - 1] == '/')
        entry->type = '5'; /* how tar programs before POSIX wrote a folder */
    if (entry->type == 'D')
        entry->type = '5'; /* GNU: a folder with a list of what was in it */
    return true;
}

size_t tar_data(const uint8_t **bytes, size_t most)
{
    if (data_left == 0)
        return 0;
    size_t got = input_some(bytes, data_left < (int64_t)most ? (size_t)data_left : most);
    if (got == 0)
        fail("the archive is truncated");
    data_left -= (int64_t)got;
    return got;
}
