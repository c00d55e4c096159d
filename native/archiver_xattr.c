#define _GNU_SOURCE
#include "archiver.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#define LIST_LIMIT 65536  /* XATTR_LIST_MAX */
#define VALUE_LIMIT 65536 /* XATTR_SIZE_MAX */

uint32_t id_in(const struct view *view, uint32_t id)
{
    bool own = view->base >= 0 && id >= view->base && id < view->base + IDS;
    return own ? id - (uint32_t)view->base : id;
}

/* What an archive takes along: the rest belongs to overlayfs, or to the security modules of this machine. */
static bool is_kept(const char *name)
{
    if (strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0)
        return false;
    return strncmp(name, "user.", 5) == 0 || strncmp(name, "trusted.", 8) == 0 ||
           strcmp(name, "security.capability") == 0 || strcmp(name, "system.posix_acl_access") == 0 ||
           strcmp(name, "system.posix_acl_default") == 0;
}

/*
 * Capabilities that were given inside a user namespace name its root (capabilities(7), version 3); seen from inside
 * they have none (version 2). Returns the new length.
 */
static size_t shift_capability(uint8_t *value, size_t length, const struct view *view)
{
    struct vfs_ns_cap_data data;
    if (length != sizeof data)
        return length;
    memcpy(&data, value, sizeof data);
    uint32_t magic = le32toh(data.magic_etc), root = id_in(view, le32toh(data.rootid));
    if ((magic & VFS_CAP_REVISION_MASK) != VFS_CAP_REVISION_3)
        return length;
    data.rootid = htole32(root);
    if (root == 0) {
        data.magic_etc = htole32((magic & ~VFS_CAP_REVISION_MASK) | VFS_CAP_REVISION_2);
        length = XATTR_CAPS_SZ_2;
    }
    memcpy(value, &data, length);
    return length;
}

/* struct posix_acl_xattr_entry: after four bytes of version, tag and permissions (16 bits each) and an id (32 bits). */
static void shift_acl(uint8_t *value, size_t length, const struct view *view)
{
    for (size_t at = 4; at + 8 <= length; at += 8) {
        uint16_t tag;
        uint32_t id;
        memcpy(&tag, value + at, sizeof tag);
        memcpy(&id, value + at + 4, sizeof id);
        if (le16toh(tag) != 0x02 && le16toh(tag) != 0x08) /* ACL_USER, ACL_GROUP */
            continue;
        id = htole32(id_in(view, le32toh(id)));
        memcpy(value + at + 4, &id, sizeof id);
    }
}

static void add_one(const char *base, const char *name, const struct view *view)
{
    static uint8_t value[VALUE_LIMIT];
    char key[320];
    ssize_t length = lgetxattr(base, name, value, sizeof value);
    if (length < 0 && errno == ENODATA)
        return; /* taken away meanwhile */
    if (length < 0)
        fail_errno("cannot read an extended attribute");
    if (strcmp(name, "security.capability") == 0)
        length = (ssize_t)shift_capability(value, (size_t)length, view);
    else if (strncmp(name, "system.posix_acl_", 17) == 0)
        shift_acl(value, (size_t)length, view);
    if (strchr(name, '=') != NULL)
        fail("an extended attribute has a \"=\" in its name, which no archive can hold");
    snprintf(key, sizeof key, "SCHILY.xattr.%s", name);
    pax_add(key, value, (size_t)length);
}

void xattrs_add(const char *base, const struct view *view)
{
    static char list[LIST_LIMIT];
    ssize_t length = llistxattr(base, list, sizeof list);
    if (length < 0 && (errno == ENOTSUP || errno == ENOENT))
        return; /* no such thing there, or the whole entry is gone meanwhile */
    if (length < 0)
        fail_errno("cannot list its extended attributes");
    for (char *name = list; name < list + length; name += strlen(name) + 1)
        if (is_kept(name))
            add_one(base, name, view);
}

bool is_opaque(const char *base)
{
    char value[8];
    return lgetxattr(base, "trusted.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y';
}
