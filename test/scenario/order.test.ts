import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { isAlive } from "./instance.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

const sleeper = `image: host
    command: [sleep, "1000"]`;

/** db is healthy once there is a file in a folder that the test has as well; web waits for that. */
const SPEC = `name: order
services:
  db:
    ${sleeper}
    volumes: ["./state:/state"]
    healthcheck: { test: test -e /state/well, interval: 60s }
  migrate:
    image: host
    command: [sh, -c, "sleep 0.3"]
  web:
    ${sleeper}
    depends_on:
      db: { condition: service_healthy, restart: true }
      migrate: { condition: service_completed_successfully }
  proxy:
    ${sleeper}
    depends_on: [web]
`;

async function startedAt(name: string): Promise<string> {
  return (await instance().inspect(name)).State.StartedAt;
}

test("services start once what they depend on is healthy or done, and apply stays until then", async () => {
  await instance().write("compose.yaml", SPEC);
  const planned = await instance().gantry(["plan"]);
  expect(planned.code).toBe(2);
  expect(planned.stdout).toContain("+ web.1  create  not there, once db is healthy");
  await mkdir(join(instance().folder, "state"));
  const applying = instance().gantry(["apply", "--wait"]);
  await until("db and the job", async () => (await instance().containers()).size === 2);
  await until("the job's end", async () => !(await instance().inspect("order-migrate-1")).State.Running);
  expect([...(await instance().containers()).keys()].sort()).toEqual(["order-db-1", "order-migrate-1"]);
  await writeFile(join(instance().folder, "state/well"), "");
  const { code, stdout, stderr } = await applying;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout + stderr).toContain("web.1");
  expect(await instance().running()).toEqual(["order-db-1", "order-proxy-1", "order-web-1"]);
  expect(Date.parse(await startedAt("order-web-1"))).toBeLessThanOrEqual(
    Date.parse(await startedAt("order-proxy-1")),
  );
  expect((await instance().gantry(["plan"])).code).toBe(0);
});

test("after a crash of everything the order holds again", async () => {
  await instance().write("compose.yaml", SPEC.replace(/(sleep, "1000"\])/g, "$1\n    restart: always"));
  await mkdir(join(instance().folder, "state"));
  const applying = instance().gantry(["apply", "--wait"]);
  await until("the folder", async () => (await instance().containers()).has("order-db-1"));
  await writeFile(join(instance().folder, "state/well"), "");
  expect((await applying).code).toBe(0);
  const pids = await Promise.all(["db", "web", "proxy"].map((name) => instance().pidOf(`order-${name}-1`)));
  await instance().endDaemon("SIGKILL");
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await instance().ok(["ps"]);
  await until("all to run again", async () => (await instance().running()).length === 3);
  const [db, web, proxy] = await Promise.all(
    ["db", "web", "proxy"].map(async (name) => Date.parse(await startedAt(`order-${name}-1`))),
  );
  expect(db).toBeLessThan(web ?? 0);
  expect(web).toBeLessThanOrEqual(proxy ?? 0);
});

test("with restart: true a service starts anew when what it depends on is replaced", async () => {
  const spec = (word: string): string =>
    `name: order
services:
  db: { image: host, command: [sleep, "${word}"] }
  web: { image: host, command: [sleep, "7"], depends_on: { db: { condition: service_started, restart: true } } }
  other: { image: host, command: [sleep, "7000"], depends_on: [db] }
`.replace('"7"', '"7000"');
  await instance().apply(spec("5000"));
  const [web, other] = [await instance().pidOf("order-web-1"), await instance().pidOf("order-other-1")];
  await instance().apply(spec("6000"));
  await until("web to start anew", async () => (await instance().pidOf("order-web-1")) !== web);
  expect(await instance().pidOf("order-other-1")).toBe(other);
});

test("a new version that does not become ready is taken back, the old one serving all the while", async () => {
  const spec = (command: string): string => `name: order
services:
  web: { image: host, command: [sh, -c, "${command}"] }
`;
  await instance().apply(spec("sleep 1000"));
  const pid = await instance().pidOf("order-web-1");
  await instance().write("compose.yaml", spec("exit 3"));
  const { code, stderr } = await instance().gantry(["apply"]);
  expect(code).toBe(1);
  expect(stderr).toContain("exited with status 3 before it was ready");
  expect(isAlive(pid)).toBe(true);
  await instance().apply(spec("sleep 2000"));
  expect(await instance().pidOf("order-web-1")).not.toBe(pid);
});
