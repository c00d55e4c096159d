import { expect, it } from "vitest";
import { parseCgroupLayout, unifiedMount } from "../../../src/host/cgroup.ts";

const V1 = (mount: string, options: string): string =>
  `30 24 0:26 / ${mount} rw,nosuid shared:9 - cgroup cgroup rw,${options}`;
const V2 = (mount: string): string => `31 24 0:27 / ${mount} rw,nosuid shared:10 - cgroup2 cgroup2 rw`;
const ROOT = "24 1 254:0 / / rw - ext4 /dev/vda rw";

it("version 1 with an empty version 2 beside it", () => {
  const table = [
    ROOT,
    V1("/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct"),
    V1("/sys/fs/cgroup/memory", "memory"),
    V1("/sys/fs/cgroup/pids", "pids"),
    V2("/sys/fs/cgroup/unified"),
  ].join("\n");
  expect(parseCgroupLayout(table, "").controllers).toMatchObject({
    cpu: { version: 1, mount: "/sys/fs/cgroup/cpu,cpuacct" },
    memory: { version: 1, mount: "/sys/fs/cgroup/memory" },
    pids: { version: 1, mount: "/sys/fs/cgroup/pids" },
  });
  expect(unifiedMount(table)).toBe("/sys/fs/cgroup/unified");
});

it("version 2 alone", () => {
  const table = `${ROOT}\n${V2("/sys/fs/cgroup")}`;
  const mount = { version: 2, mount: "/sys/fs/cgroup" };
  expect(parseCgroupLayout(table, "cpuset cpu io memory pids\n").controllers).toMatchObject({
    cpu: mount,
    memory: mount,
    pids: mount,
  });
});

it("version 2 without controllers, and no control groups at all", () => {
  expect(parseCgroupLayout(`${ROOT}\n${V2("/sys/fs/cgroup")}`, "\n").controllers).toEqual({});
  expect(parseCgroupLayout(ROOT, "").controllers).toEqual({});
  expect(unifiedMount(ROOT)).toBe(undefined);
});

it("each controller where it is: memory on version 2, the rest on version 1", () => {
  const table = [ROOT, V2("/cg/unified"), V1("/cg/cpu", "cpu"), V1("/cg/pids", "pids")].join("\n");
  const { cpu, memory, pids } = parseCgroupLayout(table, "memory").controllers;
  expect([cpu?.version, memory?.version, pids?.version]).toEqual([1, 2, 1]);
});

it("a named hierarchy without controllers, as systemd has one, is none of them", () => {
  expect(parseCgroupLayout(V1("/sys/fs/cgroup/systemd", "xattr,name=systemd"), "").controllers).toEqual({});
});
