import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { cgroupFile, statusOf } from "./process-facts.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

const MEBIBYTE = 2 ** 20;

function spec(more: string): string {
  return `name: box\nservices:\n  a:\n    image: host\n    command: [sleep, "1000"]\n    mem_limit: 64m\n${more}`;
}

const LIMITS = `    memswap_limit: 96m
    mem_reservation: 32m
    cpu_shares: 512
    cpuset: "0"
    pids_limit: -1
`;

/** Memory and swap as v1 counts them, together; v2 counts swap alone. */
async function swapOf(pid: number): Promise<string> {
  return await cgroupFile(pid, ["memory.memsw.limit_in_bytes", "memory.swap.max"]);
}

async function expectLimits(pid: number): Promise<void> {
  expect([String(96 * MEBIBYTE), String(32 * MEBIBYTE)]).toContain(await swapOf(pid));
  expect(await cgroupFile(pid, ["memory.soft_limit_in_bytes", "memory.low"])).toBe(String(32 * MEBIBYTE));
  expect(["512", "20"]).toContain(await cgroupFile(pid, ["cpu.shares", "cpu.weight"]));
  expect(await cgroupFile(pid, ["pids.max"])).toBe("max");
  expect(await cgroupFile(pid, ["cpuset.cpus"])).toBe("0");
  expect((await statusOf(pid)).get("Cpus_allowed_list")).toBe("0");
}

test("a new container starts with its limits", async () => {
  await instance.apply(spec(LIMITS));
  await expectLimits(await instance.pidOf("box-a-1"));
  const inside = await instance.ok(["exec", "box-a-1", "grep", "Cpus_allowed_list", "/proc/self/status"]);
  expect(inside).toBe("Cpus_allowed_list:\t0\n");
});

test("a running container gets them, and loses them again, and its process notices nothing", async () => {
  await instance.apply(spec(""));
  const pid = await instance.pidOf("box-a-1");
  const [swap, cpus] = [await swapOf(pid), (await statusOf(pid)).get("Cpus_allowed_list")];
  await instance.apply(spec(LIMITS));
  expect(await instance.pidOf("box-a-1")).toBe(pid);
  await expectLimits(pid);
  await instance.apply(spec(""));
  expect(await instance.pidOf("box-a-1")).toBe(pid);
  expect(await swapOf(pid)).toBe(swap);
  expect((await statusOf(pid)).get("Cpus_allowed_list")).toBe(cpus);
  expect(await cgroupFile(pid, ["pids.max"])).toBe("4096");
});
