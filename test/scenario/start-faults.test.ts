import { createServer, type Server } from "node:net";
import { describe, expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

function spec(web: string): string {
  return `name: shop\nservices:\n  web:\n    image: host\n${web}`;
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}

/** The daemon has nothing of the project. */
async function expectNothingMade(): Promise<void> {
  expect(await instance().ok(["projects", "-o", "json"])).toBe("[]\n");
  expect((await instance().containers()).size).toBe(0);
}

describe("what is not there is an error before anything is changed", () => {
  test("a port that another program listens on", async () => {
    const other = await listen(18400);
    try {
      const publishing = spec(`    command: [sleep, infinity]\n    ports: ["127.0.0.1:18400:80"]\n`);
      await instance().write("compose.yaml", publishing);
      const { code, stdout, stderr } = await instance().gantry(["apply", "--wait"]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(
        "gantry: port 127.0.0.1:18400, which service web publishes, is taken by another program of this machine",
      );
      await expectNothingMade();
      expect(await instance().gantry(["plan"])).toMatchObject({
        code: 1,
        stdout: expect.stringContaining("! port 127.0.0.1:18400") as string,
      });
    } finally {
      other.close();
    }
  });

  test("a port taken, of a project that runs: what runs stays as it is", async () => {
    const other = await listen(18401);
    try {
      const running = spec("    command: [sleep, infinity]\n    stop_signal: SIGKILL\n");
      await instance().apply(running);
      const before = await instance().pidOf("shop-web-1");
      await instance().write(
        "compose.yaml",
        `${running}    ports: ["127.0.0.1:18401:80"]\n    scale: 3\n    environment: { A: b }\n`,
      );
      const { code, stderr } = await instance().gantry(["apply"]);
      expect(code).toBe(1);
      expect(stderr).toContain("port 127.0.0.1:18401");
      expect(await instance().running()).toEqual(["shop-web-1"]);
      expect(await instance().pidOf("shop-web-1")).toBe(before);
    } finally {
      other.close();
    }
  });

  test("an image", async () => {
    await instance().write(
      "compose.yaml",
      "name: shop\nservices: { web: { image: 'nginx:1.27', pull_policy: never } }\n",
    );
    expect(await instance().gantry(["apply"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining(
        "gantry: image nginx:1.27, which service web uses, is not on this machine\n  try: gantry pull nginx:1.27, or gantry import FILE nginx:1.27\n",
      ) as string,
    });
    await expectNothingMade();
  });
});

describe("a command that cannot be started", () => {
  test.each([
    ["that does not exist", "/no/such", 127, "command not found in the container: /no/such"],
    ["that is not on the PATH", "no-such", 127, "command not found in the container: no-such"],
    ["that is not executable", "/etc/hosts", 126, "cannot execute /etc/hosts"],
  ])("%s", async (_, command, exitCode, message) => {
    await instance().write("compose.yaml", spec(`    command: [${command}]\n`));
    const { code, stdout, stderr } = await instance().gantry(["apply", "--wait"]);
    expect(code).toBe(1);
    expect(stdout).toContain(`web.1  failed  ${message}`);
    expect(stderr).toContain(`gantry: web.1: ${message}`);

    expect((await instance().inspect("shop-web-1")).State).toMatchObject({
      Running: false,
      Pid: 0,
      ExitCode: exitCode,
      Error: expect.stringContaining(message) as string,
    });
    expect(await instance().ok(["ps", "-a"])).toContain("Created (could not start)");
    // Asked again, it tries again, and says so before.
    const plan = await instance().gantry(["plan"]);
    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain(`web.1  start  tried again: could not start: ${message}`);
    expect((await instance().gantry(["apply"])).code).toBe(1);
  });

  test("comes up as soon as the file is right", async () => {
    await instance().write("compose.yaml", spec("    command: [/no/such]\n    restart: always\n"));
    expect((await instance().gantry(["apply"])).code).toBe(1);
    await instance().apply(spec("    command: [sleep, infinity]\n    stop_signal: SIGKILL\n"));
    expect(await instance().running()).toEqual(["shop-web-1"]);
  });

  test("as a user the image does not have", async () => {
    await instance().write("compose.yaml", spec("    command: [sleep, infinity]\n    user: nobody-at-all\n"));
    const { code, stderr } = await instance().gantry(["apply"]);
    expect(code).toBe(1);
    expect(stderr).toContain("no such user or group in the image: nobody-at-all");
    expect((await instance().inspect("shop-web-1")).State).toMatchObject({ Running: false, ExitCode: 128 });
  });
});

test("waiting for a service that keeps failing ends with its exit status", async () => {
  await instance().write("compose.yaml", spec("    command: [sh, -c, exit 7]\n    restart: on-failure:1\n"));
  const { code, stderr } = await instance().gantry(["apply", "--wait"]);
  expect(code).toBe(1);
  expect(stderr).toContain("web.1 exited with status 7");
  const { RestartCount, State } = await instance().inspect("shop-web-1");
  expect({ RestartCount, ExitCode: State.ExitCode }).toEqual({ RestartCount: 1, ExitCode: 7 });
});

test("a program that outgrows its memory limit is reported as out of memory everywhere", async () => {
  const events = instance().start(["events"]);
  let seen = "";
  events.stdout?.setEncoding("utf8").on("data", (text: string) => (seen += text));
  await instance().ok(["ps"]);
  await instance().write(
    "compose.yaml",
    spec(
      `    command: [python3, -c, "x = bytearray(256 << 20); x[::4096] = b'x' * (256 << 8)"]\n    mem_limit: 32m\n`,
    ),
  );
  await instance().ok(["apply"]);
  await until("the end", async () => (await instance().inspect("shop-web-1")).State.ExitCode === 137);
  expect((await instance().inspect("shop-web-1")).State).toMatchObject({ OOMKilled: true, Running: false });
  expect(await instance().ok(["ps", "-a"])).toMatch(/Exited \(137\) .* ago \(out of memory\)/);
  const plan = await instance().gantry(["plan"]);
  expect(plan).toMatchObject({
    code: 2,
    stdout: expect.stringContaining("web.1  start  tried again: killed: out of memory") as string,
  });
  await until("the event", () => / container oom /.test(seen) && / container die .*exitCode=137/.test(seen));
});

test("a bigger limit in the file brings a container back that died of the smaller one", async () => {
  const greedy = (limit: string): string =>
    spec(
      `    command: [python3, -c, "import time; x = b'x' * (64 << 20); time.sleep(1000)"]\n    stop_signal: SIGKILL\n    mem_limit: ${limit}\n`,
    );
  await instance().write("compose.yaml", greedy("32m"));
  await instance().ok(["apply"]);
  await until("the end", async () => (await instance().inspect("shop-web-1")).State.OOMKilled);
  await instance().apply(greedy("256m"));
  expect(await instance().running()).toEqual(["shop-web-1"]);
});
