import { expect, describe, test } from "vitest";
import { copyExample, hasPrograms, read } from "./example-copy.ts";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();
const HAS_REDIS = hasPrograms("web-redis, worker-queue", "redis-server", "redis-cli");
const HAS_POSTGRES = hasPrograms("postgres", "pg_isready", "/usr/lib/postgresql/*/bin/postgres");

describe.skipIf(!HAS_REDIS)("examples with redis", () => {
  test("web-redis: two replicas count together, and the count outlives them", async () => {
    await copyExample(instance(), "web-redis", { "8082:": 18442 });
    await instance().ok(["apply", "--wait", "--strict"]);
    const said = [await read(18442), await read(18442), await read(18442), await read(18442)];
    const visits = said.map((line) => /^visit (\d+), counted by (\S+)\n$/.exec(line));
    expect(visits.map((visit) => visit?.[1])).toEqual(["1", "2", "3", "4"]);
    expect(new Set(visits.map((visit) => visit?.[2])).size).toBe(2);
    await instance().ok(["down"]);
    await instance().ok(["apply", "--wait"]);
    expect(await read(18442)).toMatch(/^visit 5, /);
  });

  test("worker-queue: each job is done, also that of a worker killed in the middle", async () => {
    await copyExample(instance(), "worker-queue");
    const redis = async (...words: readonly string[]): Promise<string> =>
      (await instance().ok(["exec", "worker-queue-queue-1", "redis-cli", ...words])).trim();
    const jobs = ["a", "b", "c", "d", "e", "f"];
    await instance().ok(["apply", "--wait", "--strict"]);
    await redis("LPUSH", "jobs", ...jobs);
    const victim = "worker-queue-worker-1";
    const doing = `doing:${(await instance().ok(["exec", victim, "hostname"])).trim()}`;
    await until("a job in the worker's hands", async () => (await redis("LLEN", doing)) === "1");
    process.kill(await instance().pidOf(victim), "SIGKILL");
    await until("its restart", async () => (await instance().inspect(victim)).RestartCount === 1);
    await until("every job done", async () => {
      const done = new Set((await redis("LRANGE", "done", "0", "-1")).split("\n"));
      return jobs.every((job) => done.has(job));
    });
    await until("nothing left in hand", async () => (await redis("KEYS", "doing:*")) === "");
    expect(await redis("LLEN", "done")).toBe("6");
  });
});

describe.skipIf(!HAS_POSTGRES)("examples with postgres", () => {
  test("postgres: tables are made once it is healthy, the password counts, rows outlive containers", async () => {
    await copyExample(instance(), "postgres");
    await instance().ok(["apply", "--wait", "--strict"]);
    const sql = async (text: string): Promise<string> =>
      await instance().ok(["exec", "postgres-db-1", "psql", "-h", "/tmp", "-U", "postgres", "-Atc", text]);
    expect((await instance().inspect("postgres-schema-1")).State.ExitCode).toBe(0);
    await sql("INSERT INTO guests VALUES ('ann')");
    const wrong = ["exec", "-e", "PGPASSWORD=wrong", "postgres-db-1", "psql", "-h", "db", "-U", "postgres"];
    expect((await instance().gantry([...wrong, "-c", "SELECT 1"])).stderr).toContain(
      "password authentication failed",
    );
    await instance().ok(["down"]);
    await instance().ok(["apply", "--wait"]);
    expect(await sql("SELECT name FROM guests")).toBe("ann\n");
  });
});
