import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();
const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

function run(): string {
  return instance().env["GANTRY_RUN"] ?? "";
}

function socket(): string {
  return join(run(), "gantry.sock");
}

test("a command starts the daemon when none answers, says so once, and only root may talk to it", async () => {
  const first = await instance().gantry(["ps"]);
  expect(first.code).toBe(0);
  expect(first.stderr).toContain(`gantry: started the daemon (log: ${join(run(), "daemon.log")})`);
  expect(await instance().gantry(["ps"])).toMatchObject({ code: 0, stderr: "" });
  expect((await stat(socket())).mode & 0o777).toBe(0o600);
  expect((await stat(run())).mode & 0o777).toBe(0o700);
});

test("commands that start it at the same time end up with one daemon", async () => {
  const results = await Promise.all(Array.from({ length: 4 }, () => instance().gantry(["ps", "-q"])));
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const said = results.filter(({ stderr }) => stderr.includes("started the daemon"));
  expect(said).toHaveLength(1);
});

test("a second daemon on the same folders refuses: the first one goes on", async () => {
  await instance().ok(["ps"]);
  const { code, stderr } = await instance().gantry(["daemon"]);
  expect(code).toBe(75);
  expect(stderr).toContain("another daemon uses");
  await instance().ok(["ps"]);
});

test("a socket that a dead daemon left is no obstacle, nor one of a program that is gone", async () => {
  await instance().ok(["ps"]);
  await instance().endDaemon("SIGKILL");
  expect(existsSync(socket())).toBe(true);
  expect((await instance().gantry(["ps"])).stderr).toContain("started the daemon");
});

test("a file in the socket's place is replaced", async () => {
  await mkdir(run(), { recursive: true });
  await writeFile(socket(), "not a socket");
  await instance().ok(["ps"]);
});

test("somebody without root is told so, and leaves no trace", async () => {
  const spec = "name: shop\nservices: { web: { image: host, command: [sleep, infinity] } }\n";
  await chmod(instance().base, 0o777);
  const asNobody = (...args: string[]): Promise<{ code: number; stderr: string }> =>
    new Promise((resolve) => {
      const env = { PATH: process.env["PATH"], ...instance().env };
      const child = execFile(
        process.execPath,
        [CLI, ...args],
        { env, uid: 65534, gid: 65534, cwd: "/" },
        (error, _, stderr) => resolve({ code: Number(error?.code ?? 0), stderr }),
      );
      child.stdin?.end(spec);
    });
  for (const words of [["apply", "-f", "-"], ["ps"], ["daemon"]]) {
    const { code, stderr } = await asNobody(...words);
    expect(code).toBe(1);
    expect(stderr).toMatch(/needs root/);
    expect(stderr).toMatch(/try sudo gantry/);
  }
  expect(existsSync(run())).toBe(false);
  expect(existsSync(instance().env["GANTRY_ROOT"] ?? "")).toBe(false);

  await instance().ok(["ps"]); // root's daemon runs now: its folder is closed to others
  const { code, stderr } = await asNobody("ps");
  expect(code).toBe(1);
  expect(stderr).toContain(`may not open ${socket()}`);
});

test.each([60, 120])("a run folder whose path is too long (%i bytes more) is refused", async (length) => {
  const folder = join(instance().base, "r".repeat(length));
  const { code, stderr } = await instance().gantry(["ps", "--run", folder]);
  expect(code).not.toBe(0);
  expect(stderr).toContain("too long");
  expect(stderr).toContain("--run");
  expect(existsSync(join(folder, "gantry.sock"))).toBe(false);
});

test("garbage on the socket does not disturb the daemon", async () => {
  await instance().ok(["ps"]);
  const before = await instance().daemonPid();
  const garbage = [
    "garbage\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "PUT /gantry/v1/projects/x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{{{{{",
    `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    Buffer.alloc(65_536, 0xff),
    "",
  ];
  await Promise.all(
    garbage.map(
      (bytes) =>
        new Promise<void>((resolve) => {
          const connection = createConnection(socket(), () => connection.end(bytes));
          connection.on("error", () => undefined).on("close", () => resolve());
          connection.resume();
        }),
    ),
  );
  await instance().ok(["ps"]);
  expect(await instance().daemonPid()).toBe(before);
});

test("SIGTERM ends the daemon but no container, and the next one finds them again", async () => {
  await instance().apply(
    "name: shop\nservices: { web: { image: host, command: [sleep, infinity], stop_signal: SIGKILL } }\n",
  );
  const before = await instance().pidOf("shop-web-1");
  const first = await instance().daemonPid();
  await instance().endDaemon("SIGTERM");
  await instance().ok(["ps"]);
  expect(await instance().daemonPid()).not.toBe(first);
  expect(await instance().pidOf("shop-web-1")).toBe(before);
});

test("in the foreground it runs until it is told to end", async () => {
  const child = instance().start(["daemon"]);
  const exit = new Promise((resolve) => child.on("close", resolve));
  await until("an answer", async () => (await instance().gantry(["version"])).stdout.includes("daemon 0."));
  child.kill("SIGTERM");
  expect(await exit).toBe(0);
});

test("doctor says what it found, and nothing is broken here", async () => {
  const { code, stdout } = await instance().gantry(["doctor", "-o", "json"]);
  expect(code).toBe(0);
  const lines = JSON.parse(stdout) as readonly {
    name: string;
    status: string;
    found: string;
    cost: string;
  }[];
  expect(lines.map(({ name }) => name)).toEqual(expect.arrayContaining(["kernel", "cgroups", "overlayfs"]));
  for (const { name, status, found, cost } of lines) {
    expect(found, name).not.toBe("");
    expect(["ok", "lacking"], name).toContain(status);
    expect(cost === "", name).toBe(status === "ok");
  }
});
