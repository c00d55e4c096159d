// The decoder of launch plans. It trusts nothing: every length, count and string is checked before it is used,
// so that the interpreter behind it never has to.
#include "plan.h"
#include <string.h>

// One letter an argument: i = 8-byte integer, s = string without NUL, b = bytes.
static const struct {
  const char *name, *signature;
} FORMS[] = {
    [OP_MKDIR] = {"mkdir", "isii"},
    [OP_WRITE] = {"write", "isb"},
    [OP_CREATE] = {"create", "isib"},
    [OP_OPEN] = {"open", "iisi"},
    [OP_RMDIR] = {"rmdir", "is"},
    [OP_UNLINK] = {"unlink", "is"},
    [OP_NETLINK] = {"netlink", "ibi"},
    [OP_HOST_TREE] = {"host-tree", "isii"},
    [OP_WRITE_PID] = {"write-pid", "is"},
    [OP_SHIM] = {"shim", "iss"},
    [OP_JOURNAL] = {"journal", "isii"},
    [OP_OOM_FILE] = {"oom-file", "is"},
    [OP_CLONE] = {"clone", "iiss"},
    [OP_CHILD] = {"child", ""},
    [OP_EXIT] = {"exit", ""},
    [OP_SIGNAL] = {"signal", ""},
    [OP_WAIT] = {"wait", ""},
    [OP_OVERLAY] = {"overlay", "si"},
    [OP_ROOT_TREE] = {"root-tree", "i"},
    [OP_MOUNT] = {"mount", "sssisi"},
    [OP_ATTACH] = {"attach", "isi"},
    [OP_DEVICE] = {"device", "siii"},
    [OP_SYMLINK] = {"symlink", "ss"},
    [OP_MKDIR_IN] = {"mkdir-in", "si"},
    [OP_MASK] = {"mask", "s"},
    [OP_READ_ONLY] = {"read-only", "s"},
    [OP_PIVOT] = {"pivot", "i"},
    [OP_HOSTNAME] = {"hostname", "s"},
    [OP_RLIMIT] = {"rlimit", "iii"},
    [OP_UNSHARE] = {"unshare", "i"},
    [OP_USER] = {"user", "ss"},
    [OP_CAPABILITIES] = {"capabilities", "iiiii"},
    [OP_NO_NEW_PRIVILEGES] = {"no-new-privileges", ""},
    [OP_SECCOMP] = {"seccomp", "b"},
    [OP_CHDIR] = {"chdir", "si"},
    [OP_INIT] = {"init", ""},
    [OP_EXEC] = {"exec", "bb"},
    [OP_SETNS] = {"setns", "i"},
    [OP_UMASK] = {"umask", "i"},
    [OP_PROCESS] = {"process", "iii"},
    [OP_JOIN] = {"join", "ii"},
    [OP_TREE_OF] = {"tree-of", "iis"},
    [OP_OWNER] = {"owner", "sii"},
    [OP_DEVICE_FILTER] = {"device-filter", "isb"},
    [OP_KILL_ALL] = {"kill-all", "is"},
    [OP_USER_NAMESPACE] = {"user-namespace", "i"},
    [OP_MAP_IDS] = {"map-ids", "iii"},
    [OP_OWN_TREE] = {"own-tree", "is"},
    [OP_FILE_SYSTEM] = {"file-system", "is"},
    [OP_LAYERS] = {"layers", "iibss"},
    [OP_NEW_ROOT] = {"new-root", "ii"},
    [OP_NEW_TREE] = {"new-tree", "isssi"},
    [OP_BELOW] = {"below", "i"},
    [OP_BECOME] = {"become", "ii"},
    [OP_OWN_STDIO] = {"own-stdio", "ii"},
    [OP_TERMINAL] = {"terminal", "ii"},
    [OP_OWN_FOLDER] = {"own-folder", "isii"},
    [OP_WRITE_OF] = {"write-of", "sb"},
    [OP_DOMAIN_NAME] = {"domain-name", "s"},
    [OP_SPREAD] = {"spread", "is"},
    [OP_TREE_BELOW] = {"tree-below", "is"},
    [OP_ROOT_AT] = {"root-at", "is"},
    [OP_ATTACH_AS] = {"attach-as", "isiiii"},
    [OP_MOUNT_SET] = {"mount-set", "siiii"},
    [OP_HOOK] = {"hook", "bbbi"},
    [OP_LISTEN] = {"listen", "is"},
    [OP_AWAIT_START] = {"await-start", ""},
    [OP_CONNECT] = {"connect", "is"},
    [OP_STDIO] = {"stdio", "iiii"},
    [OP_CONSOLE] = {"console", "iii"},
    [OP_FIND] = {"find", "ss"},
    [OP_FILTER] = {"filter", "ibib"},
    [OP_MOVE_ROOT] = {"move-root", "is"},
};
#define FORM_COUNT (sizeof FORMS / sizeof FORMS[0])
static const char MAGIC[8] = {'G', 'P', 'L', 'A', 'N', 0, 0, 1};

const char *operation_name(uint16_t code) {
  return code < FORM_COUNT && FORMS[code].name ? FORMS[code].name : "unknown";
}

static uint32_t u32(const uint8_t *p) {
  uint32_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

static uint16_t u16(const uint8_t *p) {
  uint16_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

// argv and environment are runs of NUL-terminated strings: the last byte must be that NUL.
static int is_string_run(const struct argument *a) { return a->length == 0 || a->data[a->length - 1] == 0; }

static int is_filter(const struct argument *a) { return a->length && a->length % 8 == 0 && a->length <= 4096 * 8; }

const char *plan_decode(const uint8_t *bytes, size_t length, struct plan *plan) {
  plan->count = 0;
  if (length < 12 || length > PLAN_MAX_BYTES) return "wrong size";
  if (memcmp(bytes, MAGIC, sizeof MAGIC)) return "wrong magic or version";
  uint32_t count = u32(bytes + 8);
  if (count > PLAN_MAX_OPERATIONS) return "too many operations";
  size_t at = 12;
  for (uint32_t i = 0; i < count; i++) {
    struct operation *operation = &plan->operations[i];
    if (length - at < 4) return "cut inside an operation";
    operation->code = u16(bytes + at);
    operation->count = u16(bytes + at + 2);
    at += 4;
    if (operation->code >= FORM_COUNT || !FORMS[operation->code].name) return "unknown operation";
    const char *signature = FORMS[operation->code].signature;
    if (operation->count != strlen(signature)) return "wrong number of arguments";
    for (int j = 0; j < operation->count; j++) {
      if (length - at < 4) return "cut inside an argument's length";
      uint32_t size = u32(bytes + at);
      at += 4;
      if (size >= length - at) return "cut inside an argument"; // one NUL at least follows
      const uint8_t *data = bytes + at;
      size_t padded = ((size_t)size + 4) & ~(size_t)3;
      if (padded > length - at) return "cut inside an argument's padding";
      for (size_t k = size; k < padded; k++)
        if (data[k]) return "an argument's padding is not zero";
      at += padded;
      if (signature[j] == 'i' && size != 8) return "an integer is not 8 bytes";
      if (signature[j] == 's' && memchr(data, 0, size)) return "a string holds a NUL";
      operation->arguments[j] = (struct argument){data, size};
    }
    if (operation->code == OP_EXEC || operation->code == OP_HOOK) {
      if (operation->arguments[0].length < 2 || !is_string_run(&operation->arguments[0]) ||
          !is_string_run(&operation->arguments[1]))
        return "argv or environment is malformed";
    }
    if (operation->code == OP_LAYERS && !is_string_run(&operation->arguments[2])) return "layers are malformed";
    if (operation->code == OP_SECCOMP && !is_filter(&operation->arguments[0])) return "a seccomp filter has a wrong size";
    if (operation->code == OP_FILTER && !is_filter(&operation->arguments[1])) return "a seccomp filter has a wrong size";
    if (operation->code == OP_DEVICE_FILTER &&
        (operation->arguments[2].length % 8 || operation->arguments[2].length == 0))
      return "a device filter has a wrong size";
  }
  if (at != length) return "bytes after the last operation";
  plan->count = count;
  return NULL;
}
