// How fast can this kernel start containers? The parts of the measuring program.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define AUTO_CLOSE __attribute__((cleanup(close_quietly)))

void close_quietly(const int *fd);
_Noreturn void die(const char *what);

// cgroup.c: the cpu, memory and pids controllers, wherever they are mounted.
void cgroup_open(const char *parent);
void cgroup_make(unsigned number);
// The container's cgroup on the v2 hierarchy, for CLONE_INTO_CGROUP; -1 when all controllers are v1.
int cgroup_unified(unsigned number);
void cgroup_attach(unsigned number, pid_t pid);
void cgroup_remove(unsigned count);

// link.c: a network namespace with a routed veth pair, as gantry makes it.
void link_open(int proc);
int link_make(unsigned number); // returns the namespace's descriptor
bool link_gone(unsigned number);

// container.c: what runs inside.
#define STAGING "/m"
#define WORK "/w"
struct container {
  unsigned number;
  const char *lower; // as seen in the program's own mount namespace
  int network;       // descriptor of the network namespace
  int go;            // readable once the process is in its cgroups
  int status;        // close-on-exec: text on it is a failure
};
_Noreturn void container_run(const struct container *container);
