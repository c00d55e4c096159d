import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { hasEnded, killAll } from "./machinery.ts";
import { until } from "./until.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

function spec(command: string, more = ""): string {
  return `name: end\nservices:\n  box:\n    image: host\n    command: ${command}\n${more}`;
}

/** A shell that says when its trap is set; until then a signal would be lost on a process 1. */
function trap(script: string): string {
  return JSON.stringify(["sh", "-c", `${script}; echo ready; while :; do sleep 0.05; done`]);
}

async function logged(words: string): Promise<void> {
  await until(words, async () => (await instance.ok(["logs", "-p", "end"])).includes(words));
}

test("a program that hears its signal ends as it likes, and its status is kept over daemons", async () => {
  await instance.apply(spec(trap("trap 'exit 42' TERM")));
  await logged("ready");
  await instance.ok(["stop", "end-box-1"]);
  expect((await instance.inspect("end-box-1")).State).toMatchObject({ ExitCode: 42, Running: false });
  await instance.endDaemon("SIGKILL");
  await instance.ok(["ps"]);
  expect((await instance.inspect("end-box-1")).State).toMatchObject({ ExitCode: 42, Running: false });
});

test("a status that came while no daemon ran is found by the next one", async () => {
  await instance.apply(spec(trap("trap 'exit 9' USR1"), '    restart: "no"\n'));
  await logged("ready");
  const pid = await instance.pidOf("end-box-1");
  await instance.endDaemon("SIGKILL");
  killAll([pid], "SIGUSR1");
  await until("its end", () => hasEnded(pid));
  await instance.ok(["ps"]);
  await until(
    "its status to be known",
    async () => (await instance.inspect("end-box-1")).State.ExitCode === 9,
  );
});

test("the signal is the one the file names", async () => {
  await instance.apply(spec(trap("trap 'exit 3' INT; trap 'exit 4' TERM"), "    stop_signal: SIGINT\n"));
  await logged("ready");
  await instance.ok(["stop", "end-box-1"]);
  expect((await instance.inspect("end-box-1")).State.ExitCode).toBe(3);
});

test("one that does not listen is killed when its grace period is over, not before", async () => {
  await instance.apply(spec(trap("trap 'echo still here' TERM"), "    stop_grace_period: 700ms\n"));
  await logged("ready");
  const began = performance.now();
  await instance.ok(["stop", "end-box-1"]);
  expect(performance.now() - began).toBeGreaterThanOrEqual(700);
  expect((await instance.inspect("end-box-1")).State.ExitCode).toBe(137);
  expect(await instance.ok(["logs", "-p", "end"])).toContain("still here");
});

test("fifty that cannot hear the signal are not waited for", async () => {
  await instance.apply(spec('[sleep, "1000"]', "    stop_grace_period: 60s\n    deploy: { replicas: 50 }\n"));
  expect(await instance.running()).toHaveLength(50);
  const began = performance.now();
  await instance.ok(["down"]);
  // Far below even one grace period; how far depends on the machine and is the benchmark's business.
  expect(performance.now() - began).toBeLessThan(20_000);
  expect((await instance.containers()).size).toBe(0);
});

test("stopped by hand it rests, whatever its policy and whoever restarts; apply starts it again", async () => {
  await instance.apply(spec('[sleep, "1000"]', "    restart: always\n"));
  await instance.ok(["stop", "end-box-1"]);
  await instance.endDaemon("SIGTERM");
  await instance.ok(["ps"]);
  expect(await instance.gantry(["plan"])).not.toMatchObject({ code: 1 });
  expect(await instance.running()).toEqual([]);
  await instance.apply(spec('[sleep, "1000"]', "    restart: always\n"));
  expect(await instance.running()).toEqual(["end-box-1"]);
});

test("restart: a new process at once, the same container, the same address", async () => {
  await instance.apply(spec('[sleep, "1000"]'));
  const before = await instance.inspect("end-box-1");
  for (let i = 0; i < 3; i++) await instance.ok(["restart", "end-box-1"]);
  const after = await instance.inspect("end-box-1");
  expect(after.Id).toBe(before.Id);
  expect(after.State.Running).toBe(true);
  expect(after.State.Pid).not.toBe(before.State.Pid);
});
