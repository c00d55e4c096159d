// Devices: who owns a node in the container's /dev, and on cgroup v2 the program that decides which may be used.
#define _GNU_SOURCE
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int set_owner(struct machine *machine, const char *path, uid_t uid, gid_t gid) {
  AUTO_CLOSE int node = in_root(machine, path, O_PATH | O_NOFOLLOW);
  return node < 0 ? -1 : fchownat(node, "", uid, gid, AT_EMPTY_PATH);
}

static int bpf(int command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

// OP_DEVICE_FILTER: slot, folder of a cgroup, eBPF instructions. The program lives as long as the cgroup does.
int filter_devices(struct machine *machine, const struct operation *operation) {
  int parent = slot(machine, integer(operation, 0));
  if (parent < 0) return -1;
  AUTO_CLOSE int cgroup = openat(parent, text(operation, 1), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (cgroup < 0) return -1;
  const struct argument *code = &operation->arguments[2];
  // The bytes may lie unaligned in the plan.
  AUTO_FREE void *instructions = malloc(code->length);
  if (!instructions) return -1;
  memcpy(instructions, code->data, code->length);
  union bpf_attr load;
  memset(&load, 0, sizeof load);
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = (uint64_t)(uintptr_t)instructions;
  load.insn_cnt = code->length / sizeof(struct bpf_insn);
  load.license = (uint64_t)(uintptr_t) "Apache-2.0";
  AUTO_CLOSE int program = bpf(BPF_PROG_LOAD, &load);
  if (program < 0) return -1;
  union bpf_attr attach;
  memset(&attach, 0, sizeof attach);
  attach.target_fd = (uint32_t)cgroup;
  attach.attach_bpf_fd = (uint32_t)program;
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI; // a program further up still has its say
  return bpf(BPF_PROG_ATTACH, &attach);
}
