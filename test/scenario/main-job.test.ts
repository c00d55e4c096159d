import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { until } from "./until.ts";

/** Answers each request with its own hostname; ends at once when told to. */
export const SERVER = `["node", "-e", "require('http').createServer((q,r)=>{r.setHeader('connection','close');r.end(require('os').hostname())}).listen(80);process.on('SIGTERM',()=>process.exit(0))"]`;

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

function spec(port: number, replicas: number, more = ""): string {
  return `name: shop
services:
  web:
    image: host
    command: ${SERVER}
    ports: ["127.0.0.1:${port}:80"]
    deploy: { replicas: ${replicas} }
${more}`;
}

async function visit(port: number, times: number): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for (let i = 0; i < times; i++) seen.add(await (await fetch(`http://127.0.0.1:${port}/`)).text());
  return seen;
}

test("three replicas of a web server answer in turn behind one port", async () => {
  await instance.apply(spec(18301, 3));
  expect(await instance.running()).toEqual(["shop-web-1", "shop-web-2", "shop-web-3"]);
  expect((await visit(18301, 6)).size).toBe(3);
});

test("editing the replica count scales out and in, and touches nobody else", async () => {
  await instance.apply(spec(18302, 1));
  const first = await instance.pidOf("shop-web-1");
  await instance.apply(spec(18302, 4));
  expect(await instance.running()).toHaveLength(4);
  expect((await visit(18302, 8)).size).toBe(4);
  await instance.apply(spec(18302, 2));
  expect(await instance.running()).toEqual(["shop-web-1", "shop-web-2"]);
  expect((await visit(18302, 4)).size).toBe(2);
  expect(await instance.pidOf("shop-web-1")).toBe(first);
});

test("a file that changes nothing changes nothing", async () => {
  await instance.apply(spec(18303, 2));
  expect(await instance.apply(spec(18303, 2))).toContain("nothing to do");
  expect(await instance.gantry(["plan"])).toMatchObject({ code: 0 });
});

test("limits, restart policy and labels change in place, commands replace", async () => {
  await instance.apply(spec(18304, 1));
  const before = await instance.pidOf("shop-web-1");
  await instance.apply(
    spec(18304, 1, "    restart: always\n    mem_limit: 256m\n    labels: { tier: front }\n"),
  );
  expect(await instance.pidOf("shop-web-1")).toBe(before);
  const limit = await instance.ok(["exec", "shop-web-1", "cat", "/proc/self/cgroup"]);
  expect(limit).toContain("/");
  await instance.apply(spec(18304, 1, "    environment: { COLOUR: green }\n"));
  expect(await instance.pidOf("shop-web-1")).not.toBe(before);
  expect(await instance.ok(["exec", "shop-web-1", "printenv", "COLOUR"])).toBe("green\n");
});

test("a replica that is killed comes back, one that is removed by hand is made anew", async () => {
  await instance.apply(spec(18305, 2, "    restart: always\n"));
  const before = await instance.pidOf("shop-web-1");
  process.kill(before, "SIGKILL");
  await until("a new process", async () => (await instance.pidOf("shop-web-1")) !== before);
  const { Id } = await instance.inspect("shop-web-2");
  await instance.ok(["rm", "-f", "shop-web-2"]);
  await until("another container", async () => {
    const next = await instance.inspect("shop-web-2");
    return next.Id !== Id && next.State.Running;
  });
});

test("the daemon's death in the middle of an apply loses nothing and touches nobody", async () => {
  await instance.apply(spec(18306, 2));
  const pids = [await instance.pidOf("shop-web-1"), await instance.pidOf("shop-web-2")];
  await instance.write("compose.yaml", spec(18306, 30));
  const apply = instance.gantry(["apply"]);
  await until("some of the new ones", async () => (await instance.running()).length > 5);
  await instance.endDaemon("SIGKILL");
  await apply;
  expect((await visit(18306, 1)).size).toBe(1); // the proxy serves on
  await instance.ok(["ps"]); // starts a daemon, which converges by itself
  await until("all thirty", async () => (await instance.running()).length === 30);
  expect([await instance.pidOf("shop-web-1"), await instance.pidOf("shop-web-2")]).toEqual(pids);
});
