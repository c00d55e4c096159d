import { describe, expect, it } from "vitest";
import { limitWrites } from "../../../src/runtime/limits.ts";

const V1 = [
  { version: 1, controllers: ["cpu"], path: "/c/cpu" },
  { version: 1, controllers: ["memory"], path: "/c/memory" },
  { version: 1, controllers: ["pids"], path: "/c/pids" },
] as const;
const V2 = [{ version: 2, controllers: ["cpu", "memory", "pids"], path: "/c" }] as const;
const LIMITS = { nanocpus: 500_000_000, memoryBytes: 67_108_864, pids: 17 };

/** `file=value`, in order of the names. */
function writes(...args: Parameters<typeof limitWrites>): readonly string[] {
  return limitWrites(...args)
    .map(({ file, value }) => `${file}=${value}`)
    .sort((a, b) => a.localeCompare(b));
}

describe("what limits mean in cgroup files", () => {
  it("version 1", () =>
    expect(writes(LIMITS, V1, { fresh: true })).toEqual(
      expect.arrayContaining(["cpu.cfs_quota_us=50000", "memory.limit_in_bytes=67108864", "pids.max=17"]),
    ));
  it("version 2", () =>
    expect(writes(LIMITS, V2, { fresh: true })).toEqual(
      expect.arrayContaining(["cpu.max=50000 100000", "memory.max=67108864", "pids.max=17"]),
    ));
  it("a new cgroup needs no word about what is unlimited, but a fork bomb ends", () =>
    expect(writes({}, V1, { fresh: true })).toEqual(["pids.max=4096"]));
  it("one in use is told what is unlimited again", () => {
    expect(writes({}, V1, { fresh: false })).toEqual(
      expect.arrayContaining(["cpu.cfs_quota_us=-1", "memory.limit_in_bytes=-1", "pids.max=4096"]),
    );
    expect(writes({}, V2, { fresh: false })).toEqual(
      expect.arrayContaining(["cpu.max=max 100000", "memory.max=max", "pids.max=4096"]),
    );
  });
  it("a quota is never below what the kernel takes", () =>
    expect(writes({ nanocpus: 1 }, V1, { fresh: true })).toContain("cpu.cfs_quota_us=1000"));
  it("each goes to the hierarchy that has its controller", () => {
    const parents = limitWrites(LIMITS, V1, { fresh: true }).map(({ parent, file }) => [file, parent]);
    expect(parents).toEqual(expect.arrayContaining([["pids.max", 2]]));
  });
});

describe("a limit this machine cannot enforce", () => {
  it.each([{ nanocpus: 1e9 }, { memoryBytes: 1 << 20 }, { pids: 5 }])(
    "%j is an error that says so",
    (limits) => {
      expect(() => limitWrites(limits, [], { fresh: true })).toThrow(
        /no (cpu|memory|pids) cgroup controller/,
      );
    },
  );
  it("nothing asked for is nothing refused", () => expect(writes({}, [], { fresh: true })).toEqual([]));
});
