import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();
const SLEEP = "image: host\n    command: [sleep, infinity]\n    stop_signal: SIGKILL\n";

async function logFiles(container: string): Promise<readonly string[]> {
  const { Id } = await instance().inspect(container);
  const names = await readdir(join(instance().env["GANTRY_ROOT"] ?? "", "containers", Id));
  return names.filter((name) => name.startsWith("log")).sort();
}

test("a container has the name it is given, and steps aside for the one that takes its place", async () => {
  const spec = (name: string, value: string) =>
    `name: shop\nservices:\n  web:\n    ${SLEEP}    container_name: ${name}\n    environment: { V: "${value}" }\n    annotations: { org.example.a: "1" }\n`;
  await instance().apply(spec("front", "1"));
  expect(await instance().running()).toEqual(["front"]);
  expect(await instance().ok(["exec", "web.1", "printenv", "V"])).toBe("1\n");
  await instance().apply(spec("front", "2"));
  expect(await instance().running()).toEqual(["front"]);
  expect(await instance().ok(["exec", "front", "printenv", "V"])).toBe("2\n");
  await instance().write("compose.yaml", spec("back", "2"));
  expect((await instance().gantry(["plan"])).stdout).toContain("container name front -> back");
  await instance().apply(spec("back", "2"));
  expect(await instance().running()).toEqual(["back"]);
  const { HostConfig } = await instance().get<{ HostConfig: { Annotations: object } }>(
    "/containers/back/json",
  );
  expect(HostConfig.Annotations).toEqual({ "org.example.a": "1" });

  // The name is taken for every other project.
  await instance().write("other.yaml", spec("back", "1").replace("shop", "other"));
  const { code, stderr } = await instance().gantry(["apply", "-f", "other.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toContain("the name back is taken by a container that belongs to project shop");
});

test("output is kept in as many files of as many bytes as it says, or not at all", async () => {
  const talk = (logging: string) =>
    `    image: host\n    command: [sh, -c, "seq 20000; sleep infinity"]\n    stop_signal: SIGKILL\n    logging: ${logging}\n`;
  await instance().apply(
    `name: shop\nservices:\n  two:\n${talk("{ options: { max-size: 8k, max-file: 2 } }")}  none:\n${talk("{ driver: none }")}`,
  );
  await until("the last line", async () =>
    (await instance().ok(["logs", "-n", "1", "two"])).includes("20000"),
  );
  expect(await logFiles("shop-two-1")).toEqual(["log", "log.1"]);
  const lines = (await instance().ok(["logs", "shop-two-1"])).trim().split("\n");
  expect(lines.length).toBeLessThan(1000);
  expect(await logFiles("shop-none-1")).toEqual([]);
  expect(await instance().ok(["logs", "shop-none-1"])).toBe("");
});

test("volumes that are folders of the host's or memory, and mounts taken over from another service", async () => {
  await mkdir(join(instance().folder, "here"));
  await writeFile(join(instance().folder, "here", "file"), "from the host\n");
  await instance().apply(`name: shop
services:
  web:
    ${SLEEP}    volumes: [bound:/bound:ro, memory:/memory]
  other:
    ${SLEEP}    volumes_from: [web]
    cpu_quota: 50000
volumes:
  bound: { driver_opts: { type: none, o: bind, device: ./here } }
  memory: { driver_opts: { type: tmpfs, o: size=1m } }
`);
  expect(await instance().ok(["exec", "shop-other-1", "cat", "/bound/file"])).toBe("from the host\n");
  expect(await instance().ok(["exec", "shop-web-1", "stat", "-f", "-c", "%T", "/memory"])).toBe("tmpfs\n");
  const { HostConfig } = await instance().get<{ HostConfig: { NanoCpus: number } }>(
    "/containers/shop-other-1/json",
  );
  expect(HostConfig.NanoCpus).toBe(5e8);
});

test("post_start runs inside once it has started, pre_stop before it is stopped; one that fails is told", async () => {
  await mkdir(join(instance().folder, "out"));
  const spec = (command: string) => `name: shop
services:
  web:
    ${SLEEP}    volumes: [./out:/out]
    user: "0"
    post_start: [{ command: ${command}, environment: { WHO: hook } }]
    pre_stop: [{ command: [touch, /out/stopped] }]
`;
  await instance().apply(spec('[sh, -c, "touch /out/$$WHO"]'));
  expect(await readdir(join(instance().folder, "out"))).toEqual(["hook"]);
  await instance().ok(["restart", "web"]);
  expect(await readdir(join(instance().folder, "out"))).toEqual(["hook", "stopped"]);
  await instance().ok(["down"]);
  await instance().write("compose.yaml", spec('[sh, -c, "echo no luck; exit 3"]'));
  const { code, stderr } = await instance().gantry(["apply"]);
  expect(code).toBe(1);
  expect(stderr).toContain(
    "post_start of shop-web-1: sh -c echo no luck; exit 3 ended with status 3: no luck",
  );
  expect(await instance().running()).toEqual(["shop-web-1"]);
});
