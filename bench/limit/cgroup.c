#define _GNU_SOURCE
#include "limit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_LIMIT "67108864"

static const char *const controllers[] = {"cpu", "memory", "pids"};
enum { CONTROLLERS = sizeof controllers / sizeof *controllers };

static struct hierarchy {
  int version, above, folder; // above: where the parent lies, folder: the parent itself
  bool memory;
} hierarchies[CONTROLLERS + 1];
static int count;
static char name[64];

static bool has_word(const char *list, const char *word, const char *separators) {
  char copy[512];
  snprintf(copy, sizeof copy, "%s", list);
  for (char *rest = copy, *one; (one = strsep(&rest, separators));)
    if (!strcmp(one, word)) return true;
  return false;
}

static bool put(int folder, const char *path, const char *value) {
  AUTO_CLOSE int fd = openat(folder, path, O_WRONLY | O_CLOEXEC);
  return fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
}

static void add(const char *mount, int version, bool memory) {
  struct hierarchy *one = &hierarchies[count++];
  *one = (struct hierarchy){.version = version, .memory = memory};
  one->above = open(mount, O_PATH | O_CLOEXEC | O_DIRECTORY);
  if (one->above < 0 || (mkdirat(one->above, name, 0755) && errno != EEXIST)) die(mount);
  one->folder = openat(one->above, name, O_PATH | O_CLOEXEC | O_DIRECTORY);
  if (one->folder < 0) die(mount);
  if (version != 2) return;
  for (int i = 0; i < CONTROLLERS; i++) {
    char enable[16];
    snprintf(enable, sizeof enable, "+%s", controllers[i]);
    put(one->above, "cgroup.subtree_control", enable);
    put(one->folder, "cgroup.subtree_control", enable);
  }
}

// A v1 hierarchy for each controller that has one, the v2 hierarchy where it has controllers of ours.
void cgroup_open(const char *parent) {
  snprintf(name, sizeof name, "%s", parent);
  FILE *mounts = fopen("/proc/mounts", "re");
  if (!mounts) die("/proc/mounts");
  char mount[256], type[64], options[512];
  while (count <= CONTROLLERS && fscanf(mounts, "%*s %255s %63s %511s %*d %*d", mount, type, options) == 3) {
    bool wanted[CONTROLLERS], any = false;
    char words[512] = "";
    if (!strcmp(type, "cgroup2")) {
      char path[320];
      snprintf(path, sizeof path, "%s/cgroup.controllers", mount);
      AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
      ssize_t n = fd < 0 ? 0 : read(fd, words, sizeof words - 1);
      words[n < 0 ? 0 : n] = 0;
    } else if (!strcmp(type, "cgroup")) {
      snprintf(words, sizeof words, "%s", options);
    }
    for (int i = 0; i < CONTROLLERS; i++) any |= wanted[i] = has_word(words, controllers[i], " ,\n");
    if (any) add(mount, type[6] == '2' ? 2 : 1, wanted[1]);
  }
  fclose(mounts);
}

void cgroup_make(unsigned number) {
  char path[64];
  for (int i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%u", number);
    if (mkdirat(hierarchies[i].folder, path, 0755) && errno != EEXIST) die("cgroup");
    if (!hierarchies[i].memory) continue;
    snprintf(path, sizeof path, "%u/memory.%s", number, hierarchies[i].version == 2 ? "max" : "limit_in_bytes");
    if (!put(hierarchies[i].folder, path, MEMORY_LIMIT)) die("memory limit");
  }
}

int cgroup_unified(unsigned number) {
  char path[16];
  snprintf(path, sizeof path, "%u", number);
  for (int i = 0; i < count; i++)
    if (hierarchies[i].version == 2) return openat(hierarchies[i].folder, path, O_PATH | O_CLOEXEC | O_DIRECTORY);
  return -1;
}

void cgroup_attach(unsigned number, pid_t pid) {
  char path[32], text[16];
  snprintf(path, sizeof path, "%u/cgroup.procs", number);
  snprintf(text, sizeof text, "%d", pid);
  for (int i = 0; i < count; i++)
    if (hierarchies[i].version == 1 && !put(hierarchies[i].folder, path, text)) die("cgroup.procs");
}

// A cgroup stays busy for a moment after its last process was reaped.
static void remove_patiently(int folder, const char *path) {
  for (int tries = 0; unlinkat(folder, path, AT_REMOVEDIR) && errno == EBUSY && tries < 1000; tries++)
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

void cgroup_remove(unsigned containers) {
  for (int i = 0; i < count; i++) {
    char path[16];
    for (unsigned number = 0; number < containers; number++) {
      snprintf(path, sizeof path, "%u", number);
      remove_patiently(hierarchies[i].folder, path);
    }
    remove_patiently(hierarchies[i].above, name);
  }
}
