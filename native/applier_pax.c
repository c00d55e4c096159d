#include "applier.h"

#include <stdlib.h>
#include <string.h>

void pax_reset(struct pax *pax, struct entry *entry)
{
    *pax = (struct pax){.size = -1, .real_size = -1, .pending_offset = -1, .major = -1, .minor = -1};
    entry->xattr_count = 0;
    entry->extent_count = 0;
    entry->sparse = false;
    entry->mtime = (struct timespec){0};
}

/* A record's value: `length` bytes, not ended by a NUL. */
struct value {
    const uint8_t *bytes;
    size_t length;
};

static bool is(const char *key, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(key, name, length) == 0;
}

/* A decimal number from the front of the value, which is shortened by it. */
static int64_t take_number(struct value *value)
{
    int64_t number = 0;
    size_t used = 0;
    for (; used < value->length && value->bytes[used] >= '0' && value->bytes[used] <= '9'; used++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, value->bytes[used] - '0', &number))
            fail("a number in its PAX header is too large");
    if (used == 0)
        fail("its PAX header holds something else where a number belongs");
    value->bytes += used;
    value->length -= used;
    return number;
}

static int64_t whole_number(struct value value)
{
    int64_t number = take_number(&value);
    if (value.length != 0)
        fail("its PAX header holds something else where a number belongs");
    return number;
}

static uint32_t owner_number(struct value value)
{
    int64_t number = whole_number(value);
    if (number >= UINT32_MAX)
        fail("its owner's number is too large");
    return (uint32_t)number;
}

/* `[-]seconds[.fraction]`; digits beyond nanoseconds are dropped. */
static struct timespec time_of(struct value value)
{
    bool negative = value.length > 0 && value.bytes[0] == '-';
    if (negative) {
        value.bytes++;
        value.length--;
    }
    struct timespec time = {.tv_sec = take_number(&value)};
    if (value.length > 0 && value.bytes[0] == '.') {
        long unit = 100000000;
        for (size_t i = 1; i < value.length; i++, unit /= 10) {
            if (value.bytes[i] < '0' || value.bytes[i] > '9')
                fail("its PAX header holds a time that is none");
            time.tv_nsec += (value.bytes[i] - '0') * unit;
        }
    } else if (value.length > 0) {
        fail("its PAX header holds a time that is none");
    }
    if (negative) {
        time.tv_sec = -time.tv_sec - (time.tv_nsec > 0);
        time.tv_nsec = time.tv_nsec > 0 ? 1000000000 - time.tv_nsec : 0;
    }
    return time;
}

/* Copies a name; an empty value takes the setting back, as pax(1) says. Returns whether there is one. */
static bool copy_name(char *target, size_t limit, struct value value)
{
    if (value.length > limit)
        fail("a name in its PAX header is longer than %zu bytes", limit);
    if (memchr(value.bytes, '\0', value.length) != NULL)
        fail("a name in its PAX header holds a NUL");
    if (value.length == 0)
        return false;
    memcpy(target, value.bytes, value.length);
    target[value.length] = '\0';
    return true;
}

static void add_xattr(struct entry *entry, const char *name, size_t length, struct value value)
{
    if (length == 0 || length > 255 || memchr(name, '\0', length) != NULL)
        fail("an extended attribute has a name that is none");
    struct xattr *xattr = NULL;
    for (size_t i = 0; i < entry->xattr_count; i++)
        if (is(name, length, entry->xattrs[i].name))
            xattr = &entry->xattrs[i];
    if (xattr == NULL) {
        if (entry->xattr_count == XATTR_LIMIT)
            fail("more than %d extended attributes", XATTR_LIMIT);
        xattr = &entry->xattrs[entry->xattr_count++];
        memcpy(xattr->name, name, length);
        xattr->name[length] = '\0';
    }
    xattr->value = value.bytes;
    xattr->length = value.length;
}

void sparse_add(struct entry *entry, int64_t offset, int64_t length)
{
    if (entry->extents == NULL && (entry->extents = calloc(EXTENT_LIMIT, sizeof *entry->extents)) == NULL)
        fail("out of memory");
    if (entry->extent_count == EXTENT_LIMIT)
        fail("a sparse file of more than %d data areas", EXTENT_LIMIT);
    entry->extents[entry->extent_count++] = (struct extent){offset, length};
}

void sparse_check(const struct entry *entry, int64_t stored)
{
    int64_t at = 0, sum = 0;
    for (size_t i = 0; i < entry->extent_count; i++) {
        const struct extent *extent = &entry->extents[i];
        if (extent->length < 0 || extent->offset < at ||
            __builtin_add_overflow(extent->offset, extent->length, &at) || at > entry->size)
            fail("its sparse map is broken");
        sum += extent->length;
    }
    if (sum != stored)
        fail("its sparse map does not fit its data");
}

/* GNU.sparse.map: `offset,length,offset,length...` */
static void sparse_map(struct entry *entry, struct value value)
{
    entry->extent_count = 0;
    while (value.length > 0) {
        int64_t pair[2];
        for (int i = 0; i < 2; i++) {
            pair[i] = take_number(&value);
            if (value.length > 0 && *value.bytes == ',') {
                value.bytes++;
                value.length--;
            } else if (i == 0 || value.length > 0) {
                fail("its sparse map is broken");
            }
        }
        sparse_add(entry, pair[0], pair[1]);
    }
}

static void sparse_record(const char *key, size_t length, struct value value, struct pax *pax,
                          struct entry *entry)
{
    if (is(key, length, "major"))
        pax->major = whole_number(value);
    else if (is(key, length, "minor"))
        pax->minor = whole_number(value);
    else if (is(key, length, "name"))
        pax->named = pax->sparse_named = copy_name(entry->name, NAME_LIMIT, value);
    else if (is(key, length, "size") || is(key, length, "realsize"))
        pax->real_size = whole_number(value);
    else if (is(key, length, "map")) {
        pax->sparse = true;
        sparse_map(entry, value);
    } else if (is(key, length, "offset")) {
        pax->sparse = true;
        pax->pending_offset = whole_number(value);
    } else if (is(key, length, "numbytes")) {
        if (pax->pending_offset < 0)
            fail("its sparse map is broken");
        sparse_add(entry, pax->pending_offset, whole_number(value));
        pax->pending_offset = -1;
    }
}

static void apply(const char *key, size_t length, struct value value, struct pax *pax, struct entry *entry)
{
    static const char XATTR[] = "SCHILY.xattr.", SPARSE[] = "GNU.sparse.";
    const size_t xattr = sizeof XATTR - 1, sparse = sizeof SPARSE - 1;
    if (length > xattr && memcmp(key, XATTR, xattr) == 0)
        add_xattr(entry, key + xattr, length - xattr, value);
    else if (length > sparse && memcmp(key, SPARSE, sparse) == 0)
        sparse_record(key + sparse, length - sparse, value, pax, entry);
    else if (is(key, length, "path") && !pax->sparse_named)
        pax->named = copy_name(entry->name, NAME_LIMIT, value);
    else if (is(key, length, "linkpath"))
        pax->linked = copy_name(entry->link, LINK_LIMIT, value);
    else if (is(key, length, "size"))
        pax->size = whole_number(value);
    else if (is(key, length, "uid"))
        entry->uid = owner_number(value);
    else if (is(key, length, "gid"))
        entry->gid = owner_number(value);
    else if (is(key, length, "mtime"))
        entry->mtime = time_of(value);
}

/* Records are `LENGTH KEY=VALUE\n`, the length counting all of that. */
void pax_apply(const uint8_t *records, size_t length, struct pax *pax, struct entry *entry)
{
    while (length > 0) {
        struct value rest = {records, length};
        int64_t record = take_number(&rest);
        if (record > (int64_t)length || rest.length == 0 || *rest.bytes != ' ' ||
            record < (int64_t)(length - rest.length) + 3)
            fail("its PAX header is broken");
        const uint8_t *key = rest.bytes + 1, *last = records + record - 1;
        const uint8_t *equals = memchr(key, '=', (size_t)(last - key));
        if (*last != '\n' || equals == NULL || equals == key)
            fail("its PAX header is broken");
        struct value value = {equals + 1, (size_t)(last - equals - 1)};
        apply((const char *)key, (size_t)(equals - key), value, pax, entry);
        records += record;
        length -= (size_t)record;
    }
}

/* One decimal line of the map, from blocks that are read as they are needed. */
static int64_t map_line(uint8_t *block, size_t *at, int64_t *used, int64_t available)
{
    int64_t number = 0;
    for (bool any = false;; any = true) {
        if (*at == BLOCK) {
            if (available - *used < BLOCK || !input_exactly(block, BLOCK))
                fail("its sparse map is broken");
            *used += BLOCK;
            *at = 0;
        }
        uint8_t byte = block[(*at)++];
        if (byte == '\n' && any)
            return number;
        if (byte < '0' || byte > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, byte - '0', &number))
            fail("its sparse map is broken");
    }
}

int64_t pax_map_from_data(struct entry *entry, int64_t available)
{
    uint8_t block[BLOCK];
    size_t at = BLOCK;
    int64_t used = 0;
    int64_t count = map_line(block, &at, &used, available);
    entry->extent_count = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t offset = map_line(block, &at, &used, available);
        sparse_add(entry, offset, map_line(block, &at, &used, available));
    }
    return used;
}
