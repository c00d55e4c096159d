import { describe, expect, it } from "vitest";
import { freezerLayout } from "../../../src/host/freezer-layout.ts";

const V1 = { version: 1, controllers: ["pids"], path: "/sys/fs/cgroup/pids/gantry-x" } as const;
const V2 = { version: 2, controllers: ["pids"], path: "/sys/fs/cgroup/gantry-x" } as const;
const FREEZER = "30 25 0:26 / /sys/fs/cgroup/freezer rw,nosuid - cgroup cgroup rw,freezer";
const UNIFIED = "31 25 0:27 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw";

describe("where containers are frozen", () => {
  it("in their own cgroup on v2", () => {
    expect(freezerLayout(UNIFIED, [V2])).toEqual({ version: 2, own: true, parent: V2.path });
  });

  it("in the v2 hierarchy of a hybrid system, though it has no controllers", () => {
    expect(freezerLayout(`${FREEZER}\n${UNIFIED}`, [V1])).toEqual({
      version: 2,
      own: false,
      parent: "/sys/fs/cgroup/unified/gantry-x",
    });
  });

  it("by v1's controller where there is no v2 at all", () => {
    const parent = "/sys/fs/cgroup/freezer/gantry-x";
    expect(freezerLayout(FREEZER, [V1])).toEqual({ version: 1, own: false, parent });
  });

  it("nowhere without any of them", () => {
    expect(freezerLayout("", [V1])).toBeUndefined();
    expect(freezerLayout(UNIFIED, [])).toBeUndefined();
  });
});
