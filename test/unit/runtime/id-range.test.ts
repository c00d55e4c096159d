import { describe, expect, test } from "vitest";
import type { ContainerConfig } from "../../../src/runtime/container.ts";
import { freeRange, idMap, wantsOwnIds } from "../../../src/runtime/id-range.ts";

const CONFIG: ContainerConfig = {
  image: "host",
  environment: {},
  mounts: [],
  limits: {},
  restart: { name: "no" },
  stopGraceMs: 0,
  labels: {},
  init: false,
};

describe("ranges of ids", () => {
  test("begin at 0x100000 and follow one another", () => {
    expect(freeRange(new Set())).toBe(0x100000);
    expect(freeRange(new Set([0x100000, 0x110000]))).toBe(0x120000);
  });

  test("one that is given back is given out again", () => {
    expect(freeRange(new Set([0x100000, 0x120000]))).toBe(0x110000);
  });

  test("end before the id that is none", () => {
    const taken = new Set(Array.from({ length: 0xffef }, (_, index) => 0x100000 + index * 0x10000));
    expect(Math.max(...taken) + 0xffff).toBeLessThan(2 ** 32 - 1);
    expect(freeRange(taken)).toBeUndefined();
  });

  test("are written as uid_map wants them", () => {
    expect(idMap(0x100000)).toBe("0 1048576 65536");
  });
});

describe("a container has ids of its own", () => {
  test("unless somebody says otherwise", () => {
    expect(wantsOwnIds(CONFIG)).toBe(true);
    expect(wantsOwnIds({ ...CONFIG, namespaces: { network: "none" } })).toBe(true);
    expect(wantsOwnIds({ ...CONFIG, security: { capAdd: ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"] } })).toBe(true);
  });

  test.each([
    { namespaces: { user: "host" } },
    { namespaces: { network: "host" } },
    { namespaces: { network: "service:db" } },
    { namespaces: { pid: "host" } },
    { namespaces: { ipc: "service:db" } },
    { namespaces: { uts: "host" } },
    { namespaces: { cgroup: "host" } },
    { security: { privileged: true } },
    { security: { capAdd: ["CAP_SYS_TIME"] } },
    { security: { capAdd: ["ALL"] } },
  ] as const)("but not with %j", (more) => {
    expect(wantsOwnIds({ ...CONFIG, ...more })).toBe(false);
  });
});
