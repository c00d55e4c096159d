import { parse } from "yaml";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

const SPEC = `name: shop
services:
  web:
    image: host
    command: [sh, -c, "trap 'exit 0' TERM; sleep infinity & wait"]
    volumes: ["data:/data"]
    scale: 2
  db:
    image: host
    command: [sleep, infinity]
    stop_signal: SIGKILL
volumes:
  data:
`;

test("down keeps named volumes, down -v removes them", async () => {
  await instance().apply(SPEC);
  await instance().ok(["exec", "web", "sh", "-c", "echo kept > /data/file"]);
  expect(await instance().ok(["down"])).toContain("network shop_default  removed");
  expect((await instance().containers()).size).toBe(0);
  await instance().apply(SPEC);
  expect(await instance().ok(["exec", "web", "cat", "/data/file"])).toBe("kept\n");
  await instance().ok(["down", "-v"]);
  await instance().apply(SPEC);
  expect((await instance().gantry(["exec", "web", "cat", "/data/file"])).code).toBe(1);
  await instance().ok(["down", "-v"]);
  const again = await instance().gantry(["down", "-p", "shop"]);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("there is no project shop");
});

test("what is stopped stays stopped, even for a new daemon, until it is started", async () => {
  await instance().apply(SPEC);
  const db = await instance().pidOf("shop-db-1");
  await instance().ok(["stop", "web"]);
  expect(await instance().running()).toEqual(["shop-db-1"]);
  expect((await instance().inspect("shop-web-1")).State.ExitCode).toBe(0); // it was asked, not killed
  await instance().endDaemon("SIGKILL");
  await instance().ok(["ps"]);
  expect(await instance().running()).toEqual(["shop-db-1"]);
  const { Id } = await instance().inspect("shop-web-1");
  await instance().ok(["start", "web"]);
  expect(await instance().running()).toEqual(["shop-db-1", "shop-web-1", "shop-web-2"]);
  expect((await instance().inspect("shop-web-1")).Id).toBe(Id); // the same container
  expect(await instance().pidOf("shop-db-1")).toBe(db);
});

test("a container stopped by hand is started by the next apply, which plan announces", async () => {
  await instance().apply(SPEC);
  await instance().ok(["stop", "shop-web-1"]);
  expect(await instance().running()).toEqual(["shop-db-1", "shop-web-2"]);
  expect(await instance().gantry(["plan"])).toMatchObject({
    code: 2,
    stdout: expect.stringContaining("web.1  start  was stopped by hand\n") as string,
  });
  await instance().apply(SPEC);
  expect(await instance().running()).toHaveLength(3);
});

test("restart gives every replica of a service a new process, and no other", async () => {
  await instance().apply(SPEC);
  const before = await Promise.all(
    ["shop-web-1", "shop-web-2", "shop-db-1"].map((name) => instance().pidOf(name)),
  );
  await instance().ok(["restart", "web"]);
  await until("both again", async () => (await instance().running()).length === 3);
  expect(await instance().pidOf("shop-web-1")).not.toBe(before[0]);
  expect(await instance().pidOf("shop-web-2")).not.toBe(before[1]);
  expect(await instance().pidOf("shop-db-1")).toBe(before[2]);
});

test("rm removes what does not run, and with -f what does", async () => {
  await instance().apply(SPEC);
  const refused = await instance().gantry(["rm", "shop-web-1"]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("container shop-web-1 is running");
  const { Id } = await instance().inspect("shop-web-1");
  await instance().ok(["rm", "-f", "shop-web-1"]);
  await until("another in its place", async () => (await instance().inspect("shop-web-1")).Id !== Id);
});

test("ps lists all projects' containers as docker does: a table, ids, JSON, YAML", async () => {
  await instance().apply(SPEC);
  await instance().ok(["stop", "db"]);
  const table = await instance().ok(["ps"]);
  expect(table).toMatch(/^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES\n/);
  expect(table).toMatch(/^[0-9a-f]{12} +host +"sh -c .*" +\S.* ago +Up .* shop-web-1$/m);
  expect(table).not.toContain("shop-db-1");
  expect(await instance().ok(["ps", "-a"])).toMatch(/Exited \(137\) .* ago +shop-db-1$/m);
  const { Id } = await instance().inspect("shop-web-1");
  const ids = (await instance().ok(["ps", "-q"])).trimEnd().split("\n");
  expect(ids).toHaveLength(2);
  expect(ids).toContain(Id.slice(0, 12));
  const json = JSON.parse(await instance().ok(["ps", "-a", "-o", "json"])) as { Names: string[] }[];
  expect(json.flatMap(({ Names }) => Names).sort()).toEqual(["/shop-db-1", "/shop-web-1", "/shop-web-2"]);
  const yaml = parse(await instance().ok(["ps", "-a", "-o", "yaml"])) as typeof json;
  expect(yaml.map(({ Names }) => Names)).toEqual(json.map(({ Names }) => Names));
  expect(await instance().ok(["ps", "-p", "nobody", "-q"])).toBe("");
});
