import { describe, expect, test } from "vitest";
import type { CgroupParent } from "../../../src/host/cgroup.ts";
import { parseHardLimits, type Privileges } from "../../../src/host/privileges.ts";
import { attainable } from "../../../src/runtime/attainable.ts";
import { capabilitiesOf, capabilityNames, DEFAULT_CAPABILITIES } from "../../../src/runtime/capability.ts";
import type { ContainerConfig } from "../../../src/runtime/container.ts";
import { deviceRules, ruleText } from "../../../src/runtime/device-rules.ts";
import { cgroupsOf, limitWrites } from "../../../src/runtime/limits.ts";
import { NEW, ownNamespaces, sharedModes } from "../../../src/runtime/namespaces.ts";
import { SeccompFilters } from "../../../src/runtime/seccomp/filters.ts";
import { tmpfsAttributes, tmpfsOptions } from "../../../src/runtime/tmpfs.ts";

function config(changes: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    image: "host",
    environment: {},
    mounts: [],
    limits: {},
    restart: { name: "no" },
    stopGraceMs: 10_000,
    labels: {},
    init: false,
    ...changes,
  };
}

describe("capabilities", () => {
  const names = (security: ContainerConfig["security"]): readonly string[] => [
    ...capabilityNames(capabilitiesOf(security)),
  ];

  test("by default are docker's without CAP_MKNOD", () => {
    expect(capabilitiesOf()).toBe(DEFAULT_CAPABILITIES);
    // proc_pid_status(5) of a docker container says 00000000a80425fb; bit 27 is CAP_MKNOD.
    expect(DEFAULT_CAPABILITIES).toBe(0xa80425fbn & ~(1n << 27n));
  });

  test("what is added wins over what is dropped, unless all is added", () => {
    expect(names({ capDrop: ["ALL"], capAdd: ["CAP_KILL"] })).toEqual(["CAP_KILL"]);
    expect(names({ capDrop: ["CAP_KILL"], capAdd: ["CAP_KILL"] })).toContain("CAP_KILL");
    expect(names({ capDrop: ["CAP_KILL"], capAdd: ["ALL"] })).not.toContain("CAP_KILL");
    expect(names({ capAdd: ["ALL"] })).toHaveLength(41);
    expect(names({ privileged: true, capDrop: ["ALL"] })).toHaveLength(41);
  });
});

describe("limits in cgroups", () => {
  const v1: CgroupParent[] = [
    { version: 1, controllers: ["cpu"], path: "/c" },
    { version: 1, controllers: ["memory"], path: "/m" },
    { version: 1, controllers: ["pids"], path: "/p" },
    { version: 1, controllers: ["cpuset"], path: "/s", cpus: "0-3" },
    { version: 1, controllers: ["devices"], path: "/d" },
  ];
  const v2: CgroupParent[] = [
    {
      version: 2,
      controllers: ["cpu", "memory", "pids", "cpuset", "io"],
      path: "/u",
      cpus: "0-3",
      ioWeightFile: "io.weight",
    },
  ];
  const limits = {
    memoryBytes: 100,
    memorySwapBytes: 150,
    memoryReservationBytes: 50,
    cpuShares: 2,
    cpuset: "1",
    pids: -1,
  };
  const texts = (
    parents: readonly CgroupParent[],
    fresh: boolean,
    wanted: ContainerConfig["limits"],
  ): readonly string[] =>
    limitWrites(wanted, parents, { fresh }).map(({ file, value }) => `${file}=${value}`);

  test("of version 1", () => {
    expect(texts(v1, true, limits)).toEqual([
      "cpu.shares=2",
      "memory.limit_in_bytes=100",
      "memory.memsw.limit_in_bytes=150",
      "memory.soft_limit_in_bytes=50",
      "pids.max=max",
      "cpuset.cpus=1",
    ]);
  });

  test("of version 2, where swap counts alone and weights have another range", () => {
    expect(texts(v2, true, { ...limits, cpuShares: 262_144, blkioWeight: 1000 })).toEqual([
      "cpu.weight=10000",
      "memory.max=100",
      "memory.swap.max=50",
      "memory.low=50",
      "pids.max=max",
      "cpuset.cpus=1",
      "io.weight=10000",
    ]);
  });

  test("that are gone are taken back from a running container, the limit of swap before that of memory", () => {
    expect(texts(v1, false, {})).toEqual([
      "cpu.cfs_quota_us=-1",
      "cpu.shares=1024",
      "memory.memsw.limit_in_bytes=-1",
      "memory.limit_in_bytes=-1",
      "memory.soft_limit_in_bytes=-1",
      "pids.max=4096",
      "cpuset.cpus=0-3",
    ]);
    expect(limitWrites({}, v1, { fresh: false }).every(({ asked }) => !asked)).toBe(true);
  });

  test("that nothing enforces are refused", () => {
    expect(() => texts(v1, true, { blkioWeight: 10 })).toThrow("no io cgroup controller");
    const [unified] = v2.map(({ ioWeightFile: _, ...rest }) => rest);
    expect(() => texts(unified === undefined ? [] : [unified], true, { blkioWeight: 10 })).toThrow(
      "has weights",
    );
  });

  test("cost a cgroup of their own only where they are asked for", () => {
    expect(cgroupsOf({}, v1, { devices: false })).toEqual([0, 1, 2]);
    expect(cgroupsOf({ cpuset: "0" }, v1, { devices: true })).toEqual([0, 1, 2, 3, 4]);
    expect(cgroupsOf({}, v2, { devices: false })).toEqual([0]);
  });
});

describe("devices", () => {
  test("are ruled where a container could come by others than those in its /dev, and not where it may have all", () => {
    expect(deviceRules(config(), [])).toBeUndefined();
    expect(deviceRules(config({ security: { privileged: true } }), [])).toBeUndefined();
    for (const capability of ["CAP_MKNOD", "CAP_SYS_ADMIN", "ALL"])
      expect(deviceRules(config({ security: { capAdd: [capability] } }), [])).toBeDefined();
  });

  test("are written as devices.allow wants them", () => {
    expect(ruleText({ type: "b", major: 8, minor: -1, permissions: "rw" })).toBe("b 8:* rw");
  });
});

test("namespaces that are another's are not made", () => {
  expect(ownNamespaces()).toBe(NEW.mounts | NEW.network | NEW.pids | NEW.ipc | NEW.uts);
  expect(ownNamespaces({ network: "none" })).toBe(ownNamespaces());
  const shared = { network: "service:a", pid: "service:a", ipc: "service:b", uts: "host" } as const;
  expect(ownNamespaces(shared)).toBe(NEW.mounts);
  expect(sharedModes(shared)).toEqual(["service:a", "service:b"]);
});

test("a tmpfs runs no programs and honours no set-user-ID bits unless it says so", () => {
  const plain = { type: "tmpfs", target: "/t" } as const;
  expect(tmpfsOptions(plain)).toBe("mode=1777");
  expect(tmpfsAttributes(plain)).toBe(2n | 4n | 8n);
  expect(tmpfsAttributes({ ...plain, exec: true, suid: true, readOnly: true })).toBe(1n | 4n);
  expect(tmpfsOptions({ ...plain, sizeBytes: 9, mode: 0o700, uid: 1, gid: 2, inodes: 3 })).toBe(
    "mode=700,size=9,nr_inodes=3,uid=1,gid=2",
  );
});

describe("what a daemon without CAP_SYS_RESOURCE gives", () => {
  const privileges = (changes: Partial<Privileges> = {}): Privileges => ({
    capabilities: DEFAULT_CAPABILITIES,
    oomScoreAdjustment: 0,
    hardLimits: new Map([["Max open files", 1000]]),
    ...changes,
  });

  test("is its own limits, its own oom score and its own capabilities, and it says so", () => {
    const wanted = config({
      ulimits: { nofile: { soft: 5, hard: 1001 }, core: { soft: 0, hard: -1 } },
      oomScoreAdjustment: -5,
      security: { capAdd: ["CAP_NET_ADMIN", "ALL"] },
    });
    const { config: given, warnings } = attainable(wanted, privileges());
    expect(given.oomScoreAdjustment).toBe(0);
    expect(warnings).toEqual([
      "cap_add: gantry's daemon does not have CAP_NET_ADMIN and cannot give it",
      "ulimits.nofile: a hard limit of 1001 needs CAP_SYS_RESOURCE, which gantry's daemon does not have: it is 1000",
      "oom_score_adj -5 needs CAP_SYS_RESOURCE, which gantry's daemon does not have: it stays 0",
    ]);
  });

  test("is everything where it has the capability, or where nothing is raised", () => {
    const wanted = config({ ulimits: { nofile: { soft: 5, hard: 1001 } }, oomScoreAdjustment: -5 });
    expect(attainable(wanted, privileges({ capabilities: ~0n }))).toEqual({ config: wanted, warnings: [] });
    const modest = config({ ulimits: { nofile: { soft: 5, hard: 1000 } }, oomScoreAdjustment: 5 });
    expect(attainable(modest, privileges())).toEqual({ config: modest, warnings: [] });
  });

  test("is read from the kernel's columns", () => {
    const text =
      "Limit                     Soft Limit           Hard Limit           Units     \nMax cpu time              unlimited            unlimited            seconds   \nMax open files            1024                 20000                files     \n";
    expect([...parseHardLimits(text)]).toEqual([
      ["Max cpu time", undefined],
      ["Max open files", 20000],
    ]);
  });
});

describe("the filter of a container", () => {
  const filters = new SeccompFilters("x64");

  test("is made once for the same profile and capabilities", () => {
    expect(filters.filterFor()).toBe(filters.filterFor({ noNewPrivileges: true }));
    expect(filters.filterFor({ capAdd: ["CAP_SYS_ADMIN"] })).not.toEqual(filters.filterFor());
  });

  test("calls that somebody outside has to answer are refused, as nobody would", () => {
    const seccomp =
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}';
    expect(() => filters.filterFor({ seccomp })).toThrow("needs a program that answers");
  });

  test("is none when unconfined or privileged, but an own profile holds for privileged ones too", () => {
    expect(filters.filterFor({ seccomp: "unconfined" })).toBeUndefined();
    expect(filters.filterFor({ privileged: true })).toBeUndefined();
    expect(
      filters.filterFor({ privileged: true, seccomp: '{"defaultAction":"SCMP_ACT_ALLOW"}' }),
    ).toBeDefined();
  });

  test("is an error for a profile that is none, and on a machine without filters", () => {
    expect(() => filters.filterFor({ seccomp: "{" })).toThrow("not JSON");
    expect(new SeccompFilters("riscv64").filterFor()).toBeUndefined();
    expect(() => new SeccompFilters("riscv64").filterFor({ seccomp: "{}" })).toThrow("not built");
  });
});
