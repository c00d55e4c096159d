import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { SERVER } from "./server.fixture.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

interface Detail {
  readonly State: {
    readonly Pid: number;
    readonly Health?: {
      readonly Status: string;
      readonly FailingStreak: number;
      readonly Log: readonly { readonly ExitCode: number; readonly Output: string }[];
    };
  };
}

async function health(name: string): Promise<Detail["State"]["Health"]> {
  return (await instance().get<Detail>(`/containers/${name}/json`)).State.Health;
}

async function healthIs(name: string, status: string): Promise<void> {
  await until(`${name} is ${status}`, async () => (await health(name))?.Status === status);
}

/** A service that is healthy while there is a file in a folder that the test has as well. */
function checked(extra = ""): string {
  return `name: ill
services:
  web:
    image: host
    command: [sleep, "1000"]
    volumes: ["./state:/state"]
    healthcheck:
      test: ["CMD-SHELL", "cat /state/well"]
      interval: 100ms
      retries: 2
${extra}`;
}

const well = (): string => join(instance().folder, "state/well");

async function apply(text: string, ...flags: string[]) {
  await instance().write("compose.yaml", text);
  return await instance().gantry(["apply", ...flags]);
}

test("a container is healthy, falls ill, and recovers, as ps, inspect and the events tell", async () => {
  await instance().ok(["doctor"]);
  const events = instance().start(["events", "--filter", "type=container"]);
  let told = "";
  events.stdout?.setEncoding("utf8").on("data", (text: string) => (told += text));
  expect(await apply(checked())).toMatchObject({ code: 0 });
  await healthIs("ill-web-1", "unhealthy");
  expect((await health("ill-web-1"))?.Log.at(-1)).toMatchObject({
    ExitCode: 1,
    Output: expect.stringContaining("No such file") as string,
  });
  await writeFile(well(), "fine");
  await healthIs("ill-web-1", "healthy");
  expect((await health("ill-web-1"))?.Log.at(-1)).toMatchObject({ ExitCode: 0, Output: "fine" });
  expect(await instance().ok(["ps"])).toContain("(healthy)");
  const list = await instance().get<readonly unknown[]>(
    `/containers/json?filters=${encodeURIComponent('{"health":["healthy"]}')}`,
  );
  expect(list).toHaveLength(1);
  await rm(well());
  await healthIs("ill-web-1", "unhealthy");
  await until("the events", () => told.includes("health_status: healthy"));
  expect(told).toContain("health_status: unhealthy");
});

test("--wait waits for health, and says what the last probe said when it does not come", async () => {
  await instance().ok(["doctor"]);
  const waiting = apply(checked(), "--wait");
  const refused = await waiting;
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/web\.1 is unhealthy: .*No such file/);
  await writeFile(well(), "fine");
  await healthIs("ill-web-1", "healthy");
  expect((await instance().gantry(["apply", "--wait"])).code).toBe(0);
});

test("a probe that takes too long has failed, and nothing of it is left", async () => {
  await apply(`name: ill
services:
  web:
    image: host
    command: [sleep, "1000"]
    healthcheck: { test: sleep 12345; echo done, interval: 50ms, timeout: 100ms, retries: 1 }
`);
  await healthIs("ill-web-1", "unhealthy");
  expect((await health("ill-web-1"))?.Log.at(-1)).toMatchObject({
    ExitCode: -1,
    Output: "Health check exceeded timeout (100 ms)",
  });
  await instance().ok(["pause", "-p", "ill", "web"]);
  await instance().ok(["unpause", "-p", "ill", "web"]);
  await until("no old probe runs", async () => {
    const table = await instance().ok(["top", "-p", "ill", "web", "-eo", "pid,args"]);
    return table.split("\n").filter((line) => line.endsWith("sleep 12345")).length <= 1;
  });
});

test("the health is known after the daemon was killed, and nobody is taken out of service meanwhile", async () => {
  await apply(checked());
  await writeFile(well(), "fine");
  await healthIs("ill-web-1", "healthy");
  await instance().endDaemon("SIGKILL");
  await instance().ok(["ps"]);
  expect((await health("ill-web-1"))?.Status).toBe("healthy");
  await rm(well());
  await healthIs("ill-web-1", "unhealthy");
});

test("a changed check is taken on by the running container", async () => {
  await apply(checked());
  const pid = await instance().pidOf("ill-web-1");
  await apply(checked().replace("cat /state/well", "true"));
  await healthIs("ill-web-1", "healthy");
  expect(await instance().pidOf("ill-web-1")).toBe(pid);
  await apply(checked().replace('["CMD-SHELL", "cat /state/well"]', "[NONE]"));
  await until("no health", async () => (await health("ill-web-1")) === undefined);
  expect(await instance().pidOf("ill-web-1")).toBe(pid);
});

test("an ill replica gets no connections", async () => {
  const port = 18_431;
  await apply(
    `name: ill
services:
  web:
    image: host
    command: ${SERVER}
    ports: ["127.0.0.1:${port}:80"]
    volumes: ["./state:/state"]
    healthcheck: { test: "test ! -e /state/$$(hostname)", interval: 100ms, retries: 1 }
    deploy: { replicas: 2 }
`,
    "--wait",
  );
  const seen = async (): Promise<ReadonlySet<string>> => {
    const names = new Set<string>();
    for (let i = 0; i < 8; i++) names.add(await (await fetch(`http://127.0.0.1:${port}/`)).text());
    return names;
  };
  await until("both serve", async () => (await seen()).size === 2);
  const [ill = ""] = await seen();
  await writeFile(join(instance().folder, "state", ill), "");
  await until("one serves", async () => !(await seen()).has(ill));
  await rm(join(instance().folder, "state", ill));
  await until("both serve again", async () => (await seen()).size === 2);
});
