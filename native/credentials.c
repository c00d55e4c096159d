// Who the container's process is: user, groups, capabilities, seccomp; and the exec itself.
#define _GNU_SOURCE
#include "interpreter.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_GROUPS 64
static char home[256] = "/"; // for execute(): the user's home where the environment names none

static bool parse_id(const char *text, uint32_t *id) {
  if (!isdigit((unsigned char)*text)) return false;
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (*end || errno || value >= UINT32_MAX) return false;
  *id = (uint32_t)value;
  return true;
}

// The container's own database, read as a plain file: no name service of the host takes part.
static FILE *database(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return NULL;
  struct stat info;
  if (fstat(fd, &info) || !S_ISREG(info.st_mode)) {
    close(fd);
    return NULL;
  }
  return fdopen(fd, "re");
}

static bool find_group(const char *name, gid_t *gid) {
  uint32_t number;
  if (parse_id(name, &number)) {
    *gid = number;
    return true;
  }
  FILE *file = database("/etc/group");
  bool found = false;
  for (struct group *entry; file && !found && (entry = fgetgrent(file));)
    if ((found = !strcmp(entry->gr_name, name))) *gid = entry->gr_gid;
  if (file) fclose(file);
  return found;
}

// "user[:group]" by name or number, as docker has it: without a group, the user's own and those he is a member of.
int become_user(const char *user, const char *groups) {
  char name[256];
  if (strlen(user) >= sizeof name) return errno = EINVAL, -1;
  strcpy(name, user);
  char *group_name = strchr(name, ':');
  if (group_name) *group_name++ = 0;

  uint32_t uid = 0;
  gid_t gid = 0;
  char login[256] = "";
  bool numeric = parse_id(name, &uid), found = false;
  FILE *file = database("/etc/passwd");
  for (struct passwd *entry; file && !found && (entry = fgetpwent(file));) {
    if (numeric ? entry->pw_uid != uid : strcmp(entry->pw_name, *name ? name : "root")) continue;
    found = true;
    uid = entry->pw_uid;
    gid = entry->pw_gid;
    snprintf(login, sizeof login, "%s", entry->pw_name);
    if (*entry->pw_dir) snprintf(home, sizeof home, "%s", entry->pw_dir);
  }
  if (file) fclose(file);
  if (!found && !numeric && *name && strcmp(name, "root")) return errno = ENOKEY, -1;
  if (!found && uid == 0) snprintf(home, sizeof home, "/root");

  gid_t list[MAX_GROUPS];
  int count = 0;
  if (group_name && *group_name) {
    if (!find_group(group_name, &gid)) return errno = ENOKEY, -1;
  } else if (*login && (file = database("/etc/group"))) {
    for (struct group *entry; (entry = fgetgrent(file));)
      for (char **member = entry->gr_mem; *member; member++)
        if (!strcmp(*member, login) && count < MAX_GROUPS) list[count++] = entry->gr_gid;
    fclose(file);
  }
  char extra[512];
  if (strlen(groups) >= sizeof extra) return errno = EINVAL, -1;
  strcpy(extra, groups);
  char *rest = extra;
  for (char *one; (one = strsep(&rest, ","));)
    if (*one && count < MAX_GROUPS && !find_group(one, &list[count++])) return errno = ENOKEY, -1;
  bool listed = false;
  for (int i = 0; i < count; i++) listed |= list[i] == gid;
  if (!listed && count < MAX_GROUPS) list[count++] = gid;

  hand_over_stdio(uid);
  // The capabilities are set afterwards, exactly; keep what that needs across the change of user.
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)) return -1;
  if (setgroups((size_t)count, list) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)) return -1;
  return 0;
}

// OP_CAPABILITIES: bounding, effective, permitted, inheritable, ambient (capabilities(7)).
int set_capabilities(const struct operation *operation) {
  uint64_t bounding = (uint64_t)integer(operation, 0), effective = (uint64_t)integer(operation, 1),
           permitted = (uint64_t)integer(operation, 2), inheritable = (uint64_t)integer(operation, 3),
           ambient = (uint64_t)integer(operation, 4);
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct now[2], data[2] = {
      {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
      {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
  };
  if (syscall(SYS_capget, &head, now)) return -1;
  // Dropping from the bounding set needs CAP_SETPCAP in the effective set, which a change of user cleared.
  for (int i = 0; i < 2; i++) now[i].effective = now[i].permitted;
  if (syscall(SYS_capset, &head, now)) return -1;
  for (int cap = 0; cap < 64; cap++) {
    if (bounding >> cap & 1 || !prctl(PR_CAPBSET_DROP, cap, 0, 0, 0)) continue;
    if (errno != EINVAL) return -1;
    break; // past the kernel's last capability
  }
  // What gantry itself lacks it cannot give: a container in a reduced environment gets the intersection.
  for (int i = 0; i < 2; i++) {
    data[i].permitted &= now[i].permitted;
    data[i].effective &= data[i].permitted;
  }
  if (syscall(SYS_capset, &head, data)) return -1;
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int cap = 0; cap < 64; cap++)
    if (ambient >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0)) return -1;
  return 0;
}

int set_seccomp(const struct operation *operation) {
  // The bytes lie unaligned in the plan.
  AUTO_FREE void *filter = malloc(operation->arguments[0].length);
  if (!filter) return -1;
  memcpy(filter, operation->arguments[0].data, operation->arguments[0].length);
  struct sock_fprog program = {.len = (unsigned short)(operation->arguments[0].length / 8), .filter = filter};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? -1 : 0;
}

static char **strings(const struct argument *run, size_t spare) {
  size_t count = 0;
  for (uint32_t i = 0; i < run->length; i++) count += !run->data[i];
  char **list = calloc(count + spare + 1, sizeof *list);
  if (!list) return NULL;
  const char *at = (const char *)run->data;
  for (size_t i = 0; i < count; i++, at += strlen(at) + 1) list[i] = (char *)at;
  return list;
}

static const char *variable(char **environment, const char *name) {
  size_t length = strlen(name);
  for (; *environment; environment++)
    if (!strncmp(*environment, name, length) && (*environment)[length] == '=') return *environment + length + 1;
  return NULL;
}

// The first program of this name in the folders of a PATH: executes it, or only looks whether it could be.
static int look_up(const char *name, const char *path, bool (*take)(const char *, void *), void *with) {
  int error = ENOENT;
  while (*path) {
    size_t length = strcspn(path, ":");
    char candidate[4096];
    int written = snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, length ? path : ".", name);
    if (written > 0 && (size_t)written < sizeof candidate) {
      if (take(candidate, with)) return 0;
      if (errno != ENOENT && errno != ENOTDIR) error = errno;
    }
    path += length + (path[length] == ':');
  }
  return errno = error, -1;
}

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool is_program(const char *path, void *unused) {
  (void)unused;
  struct stat info;
  if (stat(path, &info)) return false;
  if (S_ISDIR(info.st_mode)) return errno = EISDIR, false;
  return info.st_mode & 0111 ? true : (errno = EACCES, false);
}

int find_program(const char *name, const char *path) {
  if (strchr(name, '/')) return is_program(name, NULL) ? 0 : -1;
  return look_up(name, path, is_program, NULL);
}

static bool try_program(const char *path, void *with) {
  char ***both = with;
  execve(path, both[0], both[1]);
  struct stat info;
  // A folder gives EACCES already; a script whose interpreter is missing gives ENOENT though it is there.
  if (errno == ENOENT && !stat(path, &info)) errno = ENOEXEC;
  return false;
}

// OP_EXEC. The command is looked up in the container's PATH; returns only on failure.
int execute(struct machine *machine, const struct operation *operation) {
  char **argv = strings(&operation->arguments[0], 0), **environment = strings(&operation->arguments[1], 1);
  if (!argv || !environment) return -1;
  char home_variable[300];
  if (!variable(environment, "HOME")) {
    snprintf(home_variable, sizeof home_variable, "HOME=%s", home);
    size_t count = 0;
    while (environment[count]) count++;
    environment[count] = home_variable;
  }
  if (machine->null_stdin) {
    int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_device >= 0) dup2(null_device, STDIN_FILENO);
  }
  // Until here a dead shim takes the half-made container with it; from here on it must not.
  if (!machine->ready && (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) || let_go(machine))) return -1;
  char **both[2] = {argv, environment};
  if (strchr(argv[0], '/')) return try_program(argv[0], both), -1;
  const char *path = variable(environment, "PATH");
  return look_up(argv[0], path ? path : DEFAULT_PATH, try_program, both);
}
