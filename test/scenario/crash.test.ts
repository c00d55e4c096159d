import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { hasEnded, killAll, machineryOf } from "./machinery.ts";
import { SERVER } from "./server.fixture.ts";
import { until } from "./until.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

function spec(replicas: number, port: number): string {
  return `name: shop
services:
  web:
    image: host
    command: ${SERVER}
    restart: always
    ports: ["127.0.0.1:${port}:80"]
    deploy: { replicas: ${replicas} }
`;
}

/** Many light ones, for what must happen in the middle of an apply. */
function crowd(replicas: number, restart: string): string {
  return `name: shop
services:
  web:
    image: host
    command: [sleep, "1000"]
    restart: "${restart}"
    deploy: { replicas: ${replicas} }
`;
}

async function pids(): Promise<Readonly<Record<string, number>>> {
  const names = await instance.running();
  const entries = names.map(async (name) => [name, await instance.pidOf(name)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function answer(port: number): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/`)).text();
}

test("a killed daemon: containers and ports go on, the next one finds all of them again", async () => {
  await instance.apply(spec(3, 18580));
  const before = await pids();
  await instance.endDaemon("SIGKILL");
  expect(await answer(18580)).not.toBe("");
  await instance.ok(["ps"]);
  expect(await pids()).toEqual(before);
  expect(await instance.gantry(["plan"])).toMatchObject({ code: 0 });
});

test("a daemon killed in the middle of a down: the next one finishes it", async () => {
  await instance.apply(crowd(40, "always"));
  const down = instance.gantry(["down"]);
  await until("some to be gone", async () => (await instance.containers()).size < 38);
  await instance.endDaemon("SIGKILL");
  await down;
  await instance.ok(["ps"]);
  await until("nothing to be left", async () => (await instance.containers()).size === 0);
  await until("the project to be forgotten", async () =>
    (await instance.ok(["projects", "-o", "json"])).startsWith("[]"),
  );
});

test("a killed launcher: nobody notices, and the next container starts under a new one", async () => {
  await instance.apply(spec(2, 18582));
  const before = await pids();
  const { launcher } = await machineryOf(instance.base);
  expect(launcher).toHaveLength(1);
  killAll(launcher);
  await until("the launcher's end", () => hasEnded(launcher[0]!));
  await instance.apply(spec(3, 18582));
  expect(await pids()).toMatchObject(before);
  expect(await instance.running()).toHaveLength(3);
  expect((await machineryOf(instance.base)).launcher).not.toEqual(launcher);
});

test("a launcher killed in the middle of an apply: the project still gets there", async () => {
  await instance.apply(crowd(1, "always"));
  await instance.write("compose.yaml", crowd(40, "always"));
  const apply = instance.gantry(["apply"]);
  await until("some of them", async () => (await instance.running()).length > 4);
  killAll((await machineryOf(instance.base)).launcher);
  await apply;
  await until("all of them", async () => (await instance.running()).length === 40);
  expect((await machineryOf(instance.base)).shims).toHaveLength(40);
});

test("a launcher killed in the middle of an apply costs no container that is not to be restarted", async () => {
  await instance.apply(crowd(1, "no"));
  await instance.write("compose.yaml", crowd(40, "no"));
  const apply = instance.gantry(["apply"]);
  await until("some of them", async () => (await instance.running()).length > 4);
  killAll((await machineryOf(instance.base)).launcher);
  await apply;
  await until("all of them", async () => (await instance.running()).length === 40);
});

test("a killed proxy comes back with the same ports and endpoints", async () => {
  await instance.apply(spec(2, 18585));
  const before = await pids();
  const { proxy } = await machineryOf(instance.base);
  expect(proxy).toHaveLength(1);
  killAll(proxy);
  const seen = new Set<string>();
  await until("both replicas to answer again", async () => {
    seen.add(await answer(18585));
    return seen.size === 2;
  });
  expect(await pids()).toEqual(before);
});

test("a killed shim takes its own container along, and only that", async () => {
  await instance.apply(spec(3, 18586));
  const before = await pids();
  const { shims } = await machineryOf(instance.base);
  expect(shims).toHaveLength(3);
  killAll(shims.slice(0, 1));
  const after = await until("three again, one of them new", async () => {
    const now = await pids();
    const kept = Object.keys(before).filter((name) => now[name] === before[name]);
    return Object.keys(now).length === 3 && kept.length === 2 && now;
  });
  const [gone] = Object.values(before).filter((pid) => !Object.values(after).includes(pid));
  expect(await hasEnded(gone!)).toBe(true);
});

test("killed shims of containers that are never restarted are gantry's failure: they come back", async () => {
  await instance.apply(spec(2, 18587).replace("restart: always", 'restart: "no"'));
  const before = await pids();
  killAll((await machineryOf(instance.base)).shims);
  await until("two new ones", async () => {
    const now = await pids();
    return Object.entries(before).every(([name, pid]) => now[name] !== undefined && now[name] !== pid);
  });
  for (const pid of Object.values(before)) expect(await hasEnded(pid)).toBe(true);
});

test("everything of gantry's killed at once: the next command puts all of it back", async () => {
  await instance.apply(spec(3, 18588));
  const before = await pids();
  const { launcher, proxy, shims } = await machineryOf(instance.base);
  await instance.endDaemon("SIGKILL");
  killAll([...launcher, ...proxy, ...shims]);
  await instance.apply(spec(3, 18588));
  expect(await instance.running()).toHaveLength(3);
  for (const pid of Object.values(before)) expect(await hasEnded(pid)).toBe(true);
  expect(await readdir(join(instance.base, "run/containers"))).toHaveLength(3);
  expect(await answer(18588)).not.toBe("");
});

test("a shim killed while no daemon looks: the next daemon ends its container and starts it anew", async () => {
  await instance.apply(spec(2, 18589));
  const before = await pids();
  await instance.endDaemon("SIGKILL");
  killAll((await machineryOf(instance.base)).shims);
  await instance.ok(["ps"]);
  await until("two new ones", async () => {
    const now = await pids();
    return Object.entries(before).every(([name, pid]) => now[name] !== undefined && now[name] !== pid);
  });
  for (const pid of Object.values(before)) expect(await hasEnded(pid)).toBe(true);
});
