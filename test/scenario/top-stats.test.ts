import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Stats } from "../../src/cli/usage-row.ts";
import { docker, HAS_DOCKER } from "./docker-command.ts";
import { Instance } from "./instance.ts";
import { until } from "./until.ts";

const SPEC = `name: use
services:
  busy:
    image: host
    command: [sh, -c, "while :; do :; done"]
    deploy: { resources: { limits: { memory: 64M, cpus: "0.5" } } }
  idle:
    image: host
    command: [sh, -c, "sleep 700 & sleep 701"]
    deploy: { resources: { limits: { pids: 50 } } }
`;

let instance: Instance;
let failed = false;
beforeAll(async () => {
  instance = await Instance.open();
  await instance.apply(SPEC);
});
afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
});
afterAll(() => instance.close(failed));

describe("top", () => {
  test("shows the processes inside with the host's pids, and nobody else's", async () => {
    const pid = await instance.pidOf("use-idle-1");
    const lines = (await instance.ok(["top", "idle"])).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/);
    expect(lines).toHaveLength(4);
    expect(lines.some((line) => line.includes(` ${pid} `) && line.includes("sleep 700"))).toBe(true);
  });

  test("hands options on to ps, and refuses those that hide the pid", async () => {
    expect(await instance.ok(["top", "idle", "-o", "pid,args"])).toMatch(/^PID +COMMAND\n(\d+ +s.*\n){3}$/);
    const refused = await instance.gantry(["top", "idle", "-o", "args"]);
    expect(refused.stderr).toContain("no PID column");
    expect((await instance.gantry(["top", "use-idle-1", "--no-such-option"])).code).not.toBe(0);
  });

  test("of a container that does not run is refused", async () => {
    await instance.ok(["stop", "idle"]);
    expect((await instance.gantry(["top", "use-idle-1"])).stderr).toContain("not running");
    await instance.ok(["start", "idle"]);
  });
});

describe("stats", () => {
  test("tells CPU, memory, processes and network of every container, once", async () => {
    const samples = JSON.parse(await instance.ok(["stats", "-o", "json"])) as readonly Stats[];
    const busy = samples.find(({ name }) => name === "/use-busy-1");
    const idle = samples.find(({ name }) => name === "/use-idle-1");
    const spent = (one: Stats | undefined): number =>
      (one?.cpu_stats.cpu_usage.total_usage ?? 0) - (one?.precpu_stats.cpu_usage.total_usage ?? 0);
    expect(spent(busy)).toBeGreaterThan(1e8);
    expect(spent(idle)).toBeLessThan(1e8);
    expect(busy?.memory_stats.limit).toBe(64 * 1024 * 1024);
    expect(busy?.memory_stats.usage).toBeGreaterThan(0);
    expect(idle?.pids_stats).toEqual({ current: 3, limit: 50 });
    expect(Object.keys(idle?.networks ?? {})).toEqual(["eth0"]);
  });

  test("counts the bytes that go over the network", async () => {
    const sent = async (): Promise<number> => {
      const { networks } = await instance.get<Stats>("/containers/use-idle-1/stats?stream=0&one-shot=1");
      return networks?.["eth0"]?.tx_bytes ?? 0;
    };
    const before = await sent();
    const { NetworkSettings } = await instance.get<{ NetworkSettings: { IPAddress: string } }>(
      "/containers/use-busy-1/json",
    );
    const payload = `head -c 4000 /dev/zero > /dev/udp/${NetworkSettings.IPAddress}/9`;
    await instance.ok(["exec", "idle", "bash", "-c", payload]);
    await until("the bytes to be counted", async () => (await sent()) - before >= 4000);
  });

  test("is a table that is drawn again every second until it is ended", async () => {
    const once = await instance.ok(["stats", "--no-stream", "busy"]);
    expect(once).toMatch(
      /^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS\n/,
    );
    expect(once).toMatch(/use-busy-1 +\d+\.\d\d% +[\d.]+[kM]?B \/ 67\.1MB +\d+\.\d\d% /);
    let text = "";
    const child = instance.start(["stats", "busy", "idle"]);
    child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await until("two tables", () => (text.match(/CONTAINER ID/g)?.length ?? 0) >= 2);
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGINT");
    expect(await ended).toBe(0);
  });

  test("of a container that does not run is zero, not an error", async () => {
    await instance.ok(["stop", "idle"]);
    const [stopped] = JSON.parse(
      await instance.ok(["stats", "-o", "json", "use-idle-1"]),
    ) as readonly Stats[];
    expect(stopped).toMatchObject({ pids_stats: {}, cpu_stats: { cpu_usage: { total_usage: 0 } } });
    await instance.ok(["start", "idle"]);
  });
});

test("wait prints the status a container ends with", async () => {
  const waiting = instance.gantry(["wait", "use-idle-1"]);
  await instance.ok(["stop", "-t", "0", "use-idle-1"]);
  expect(await waiting).toMatchObject({ code: 0, stdout: "137\n" });
  expect(await instance.gantry(["wait", "use-idle-1", "nobody"])).toMatchObject({ code: 1, stdout: "137\n" });
  await instance.ok(["start", "idle"]);
});

test("kill sends the signal it is told to", async () => {
  const pid = await instance.pidOf("use-busy-1");
  const refused = await instance.gantry(["kill", "-s", "NOSUCH", "busy"]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("NOSUCH") as string });
  await instance.ok(["kill", "--signal", "USR2", "busy"]); // no handler: to process 1 it is nothing
  expect(await instance.pidOf("use-busy-1")).toBe(pid);
  await instance.ok(["kill", "busy"]);
  await until("its end", async () => (await instance.inspect("use-busy-1")).State.Pid !== pid);
});

describe.skipIf(!HAS_DOCKER)("docker's own client", () => {
  test("top and stats", async () => {
    await instance.apply(SPEC);
    expect((await docker(instance, "top", "use-idle-1")).stdout).toMatch(/sleep 700[^]*/);
    expect((await docker(instance, "top", "use-idle-1", "-o", "pid")).stdout.split("\n")).toHaveLength(5);
    const format = "{{.Name}}|{{.CPUPerc}}|{{.MemUsage}}|{{.PIDs}}";
    const { stdout } = await docker(instance, "stats", "--no-stream", "--format", format, "use-busy-1");
    const [name, share, memory, pids] = stdout.trim().split("|");
    expect([name, pids]).toEqual(["use-busy-1", "1"]);
    expect(Number.parseFloat(share ?? "")).toBeGreaterThan(10);
    expect(memory).toMatch(/^[\d.]+[KM]iB \/ 64MiB$/);
  });
});
