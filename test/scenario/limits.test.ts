import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { until } from "./until.ts";

/** The names of one limit's file in cgroup v1 and v2. */
const FILES = {
  memory: ["memory.limit_in_bytes", "memory.max"],
  cpu: ["cpu.cfs_quota_us", "cpu.max"],
  pids: ["pids.max", "pids.max"],
} as const;

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

/** Folder of a process's cgroup in the hierarchy that has this controller, on v1, hybrid and v2 machines. */
async function cgroupOf(pid: number, controller: keyof typeof FILES): Promise<string> {
  const lines = (await readFile(`/proc/${pid}/cgroup`, "utf8")).trim().split("\n");
  const path = (list: string): string | undefined =>
    lines.find((line) => line.split(":")[1]?.split(",").includes(list) === true)?.replace(/^\d+:[^:]*:/, "");
  const own = path(controller);
  const table = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const mount = table.find((line) =>
    own === undefined
      ? line.includes(" - cgroup2 ")
      : line.includes(" - cgroup ") && (line.split(" ").at(-1) ?? "").split(",").includes(controller),
  );
  return join(mount?.split(" ")[4] ?? "", own ?? path("") ?? "");
}

/** What the kernel has for a limit. */
async function limitOf(pid: number, controller: keyof typeof FILES): Promise<string> {
  const folder = await cgroupOf(pid, controller);
  const file = FILES[controller].map((name) => join(folder, name)).find((path) => existsSync(path));
  return (await readFile(file ?? folder, "utf8")).trim();
}

function spec(limits: string, command = '[sleep, "1000"]', more = ""): string {
  return `name: tight
services:
  box:
    image: host
    command: ${command}
${limits}${more}`;
}

test("unlimited but for a fork bomb's end at 4096; changed in place, the process notices nothing", async () => {
  await instance.apply(spec(""));
  const pid = await instance.pidOf("tight-box-1");
  expect(await limitOf(pid, "pids")).toBe("4096");
  await instance.apply(spec("    mem_limit: 64m\n    cpus: 0.25\n    pids_limit: 17\n"));
  expect(await limitOf(pid, "memory")).toBe(String(64 * 1024 * 1024));
  expect(await limitOf(pid, "cpu")).toMatch(/^25000\b/);
  expect(await limitOf(pid, "pids")).toBe("17");
  await instance.apply(spec("    cpus: 1.5\n"));
  expect(await limitOf(pid, "memory")).not.toBe(String(64 * 1024 * 1024));
  expect(await limitOf(pid, "cpu")).toMatch(/^150000\b/);
  expect(await limitOf(pid, "pids")).toBe("4096");
  expect(await instance.pidOf("tight-box-1")).toBe(pid);
});

test("memory: the one that takes too much is killed and it is said why; its neighbour lives", async () => {
  const hungry = '[node, -e, "const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1))"]';
  const neighbour = '  calm: { image: host, command: [sleep, "1000"] }\n';
  await instance.write("compose.yaml", spec('    restart: "no"\n    mem_limit: 96m\n', hungry, neighbour));
  await instance.gantry(["apply"]);
  await until("the end of it", async () => {
    const { State } = await instance.inspect("tight-box-1");
    return !State.Running && State.OOMKilled && State.ExitCode === 137;
  });
  expect(await instance.running()).toEqual(["tight-calm-1"]);
});

test("processes: a fork bomb stops at its limit, and can be stopped", async () => {
  const bomb = '[bash, -c, "while :; do sleep 1000 & done"]';
  await instance.apply(spec("    pids_limit: 30\n    stop_grace_period: 0s\n", bomb));
  const folder = await cgroupOf(await instance.pidOf("tight-box-1"), "pids");
  const read = async (file: string): Promise<number> => Number(await readFile(join(folder, file), "utf8"));
  await until("the limit to be reached", async () => (await read("pids.current")) === 30);
  await until("the kernel to have refused one", async () =>
    /max [1-9]/.test(await readFile(join(folder, "pids.events"), "utf8")),
  );
  expect(await read("pids.current")).toBeLessThanOrEqual(30);
  await instance.ok(["stop", "tight-box-1"]);
  expect(existsSync(folder)).toBe(false);
});

test("cpu: half a processor is half a processor, by the scheduler's own count", async () => {
  await instance.apply(spec("    cpus: 0.5\n", '[sh, -c, "while :; do :; done"]'));
  const folder = await cgroupOf(await instance.pidOf("tight-box-1"), "cpu");
  const stat = async (): Promise<{ readonly periods: number; readonly throttled: number }> => {
    const text = await readFile(join(folder, "cpu.stat"), "utf8");
    const of = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
    return { periods: of("nr_periods"), throttled: of("nr_throttled") };
  };
  // Never less than the bound: however busy the machine, a loop that gets its half in each period is throttled in it.
  const usage = async (): Promise<number> => {
    const [, user = "0", system = "0"] =
      /\) \S+(?: \S+){10} (\d+) (\d+)/.exec(
        await readFile(`/proc/${await instance.pidOf("tight-box-1")}/stat`, "utf8"),
      ) ?? [];
    return Number(user) + Number(system);
  };
  const before = { ...(await stat()), ticks: await usage() };
  const after = await until("ten more periods", async () => {
    const now = { ...(await stat()), ticks: await usage() };
    return now.periods >= before.periods + 10 && now;
  });
  const periods = after.periods - before.periods;
  // A period is 100 ms of which 50 may be used; a tick is 10 ms. Two ticks for each end's rounding, one period for its edge.
  expect(after.ticks - before.ticks).toBeLessThanOrEqual((periods + 1) * 5 + 4);
  expect(after.throttled).toBeGreaterThan(before.throttled);
});
