import { describe, expect, test } from "vitest";
import type { Service } from "../../../src/spec/project.ts";
import { loadText } from "./load-stdin.ts";

async function service(more: string): Promise<Service | undefined> {
  const { project } = await loadText(`services:\n  a: { image: x, ${more} }\n  b: { image: x }\n`);
  return project.services["a"];
}

async function error(more: string): Promise<string> {
  return await service(more).then(
    () => "",
    (thrown: unknown) => (thrown as Error).message,
  );
}

describe("what confines a container is read as", () => {
  test.each<[string, Partial<Service>]>([
    [
      "cap_add: [net_admin, CAP_SYS_TIME], cap_drop: [ALL]",
      { security: { capAdd: ["CAP_NET_ADMIN", "CAP_SYS_TIME"], capDrop: ["ALL"] } },
    ],
    ["privileged: true", { security: { privileged: true } }],
    [
      'security_opt: ["no-new-privileges:true", "seccomp:unconfined"]',
      { security: { noNewPrivileges: true, seccomp: "unconfined" } },
    ],
    [
      "ulimits: { nofile: { soft: 1, hard: 2 }, core: -1 }",
      { ulimits: { nofile: { soft: 1, hard: 2 }, core: { soft: -1, hard: -1 } } },
    ],
    ["sysctls: [net.core.somaxconn=10]", { sysctls: { "net.core.somaxconn": "10" } }],
    [
      "devices: [/dev/fuse, '/dev/x:r', '/dev/x:/dev/y:wr']",
      {
        devices: [
          { source: "/dev/fuse", target: "/dev/fuse", permissions: "rwm" },
          { source: "/dev/x", target: "/dev/x", permissions: "r" },
          { source: "/dev/x", target: "/dev/y", permissions: "rw" },
        ],
      },
    ],
    [
      "device_cgroup_rules: ['c 1:* mr']",
      { deviceRules: [{ type: "c", major: 1, minor: -1, permissions: "rm" }] },
    ],
    [
      "network_mode: none, pid: host, ipc: 'service:b', uts: host",
      { namespaces: { network: "none", pid: "host", ipc: "service:b", uts: "host" } },
    ],
    [
      "extra_hosts: { a: 1.2.3.4, b: ['::1'] }",
      {
        extraHosts: [
          { name: "a", address: "1.2.3.4" },
          { name: "b", address: "::1" },
        ],
      },
    ],
    [
      "extra_hosts: ['a:1.2.3.4', 'b=[::1]', 'c:host-gateway']",
      {
        extraHosts: [
          { name: "a", address: "1.2.3.4" },
          { name: "b", address: "::1" },
          { name: "c", address: "host-gateway" },
        ],
      },
    ],
    [
      "dns: 1.1.1.1, dns_search: [x.org], dns_opt: ['ndots:2']",
      { resolver: { servers: ["1.1.1.1"], search: ["x.org"], options: ["ndots:2"] } },
    ],
    [
      "group_add: [7, staff], oom_score_adj: -3, shm_size: 1k, read_only: true",
      { groups: ["7", "staff"], oomScoreAdjustment: -3, shmBytes: 1024, readOnly: true },
    ],
    [
      "mem_limit: 1k, memswap_limit: -1, cpuset: 0, cpu_shares: 2, blkio_config: { weight: 10 }",
      { limits: { memoryBytes: 1024, memorySwapBytes: -1, cpuset: "0", cpuShares: 2, blkioWeight: 10 } },
    ],
  ])("%s", async (more, expected) => {
    expect(await service(more)).toMatchObject(expected);
  });

  test("nothing at all where it only says the default", async () => {
    const plain = await service("init: false");
    expect(
      await service(
        "privileged: false, read_only: false, cap_add: [], ulimits: {}, network_mode: bridge, ipc: shareable, " +
          "cgroup: private, oom_score_adj: 0, shm_size: 0, cpu_shares: 0, security_opt: [no-new-privileges=false]",
      ),
    ).toEqual(plain);
  });
});

describe("what confines no container is refused", () => {
  test.each([
    ["cap_add: [NET_ADMN]", 'a.cap_add[0]: "NET_ADMN" is not a capability (did you mean "NET_ADMIN"?)'],
    ["security_opt: [seccomp]", "expected seccomp=unconfined or seccomp=PATH of a profile"],
    ["ulimits: { nofiles: 1 }", 'a.ulimits.nofiles: unknown key (did you mean "nofile"?)'],
    ["ulimits: { nofile: { soft: 3, hard: 2 } }", "the soft limit 3 is above the hard limit 2"],
    ["ulimits: { nofile: { soft: -1, hard: 2 } }", "the soft limit -1 is above the hard limit 2"],
    ["ulimits: { nofile: { soft: 3 } }", 'expected both "soft" and "hard"'],
    ["sysctls: { kernel.hostname: x }", "kernel.hostname belongs to the whole machine"],
    ["sysctls: { net../.x: 1 }", "is not a kernel parameter"],
    ["sysctls: { kernel.sem: 1 }, ipc: host", "would change the IPC namespace that ipc: host shares"],
    ["devices: [nvidia.com/gpu=all]", "Container Device Interface"],
    ["devices: ['/dev/x:/dev/../etc/x']", "is not below /dev"],
    ["devices: ['/dev/x:/dev/x:rx']", 'expected some of r, w and m as permissions, got "rx"'],
    ["device_cgroup_rules: ['c 1 r']", "expected a rule such as"],
    ["network_mode: hots", 'unknown mode "hots" (known are none, host, bridge, default, service:NAME)'],
    ["network_mode: 'container:x'", "container:NAME is not built yet"],
    ["pid: 'service:c'", 'there is no service "c"'],
    ["uts: host, hostname: x", "with uts: host the names are this machine's"],
    ["extra_hosts: { a: nowhere }", 'expected name=address, an IP address or host-gateway, got "nowhere"'],
    ["dns: one", '"one" is not an IP address'],
    ["dns_opt: ['a b']", "is not an option of resolv.conf"],
    ["group_add: ['a,b']", "expected a group or its number"],
    ["oom_score_adj: 1001", "from -1000 to 1000"],
    ["memswap_limit: 1g", "set mem_limit too"],
    ["mem_limit: 2g, memswap_limit: 1g", "cannot be less than mem_limit"],
    ["cpuset: 3-1", "expected CPUs such as 0-3 or 0,2"],
    ["blkio_config: { weight: 9 }", "from 10 to 1000"],
    ["tmpfs: '/x:sync'", 'unknown tmpfs option "sync"'],
  ])("%s", async (more, message) => {
    expect(await error(more)).toContain(message);
  });
});
