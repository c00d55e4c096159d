import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { docker, HAS_DOCKER } from "./docker-command.ts";
import { Instance } from "./instance.ts";
import { until } from "./until.ts";

const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Counts in a file, together with a child that does the same. */
const BOX = `name: pause
services:
  box:
    image: host
    command: [sh, -c, "count() { i=0; while sleep 0.01; do i=$$((i+1)); echo $$i > /tmp/$$1; done; }; count a & count b"]
    volumes: [{ type: tmpfs, target: /tmp }]
    restart: always
`;

let instance: Instance;
let failed = false;
beforeAll(async () => {
  instance = await Instance.open();
});
beforeEach(() => instance.apply(BOX));
afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
});
afterAll(() => instance.close(failed));

interface State {
  readonly State: { readonly Status: string; readonly Running: boolean; readonly Paused: boolean };
}

async function state(): Promise<State["State"]> {
  return (await instance.get<State>("/containers/pause-box-1/json")).State;
}

/** How far both have counted, read from outside. */
async function counts(): Promise<readonly [string, string]> {
  const pid = await instance.pidOf("pause-box-1");
  const read = async (name: string): Promise<string> =>
    await readFile(`/proc/${pid}/root/tmp/${name}`, "utf8").catch(() => "");
  return [await read("a"), await read("b")];
}

async function goesOn(): Promise<void> {
  const before = await counts();
  await until("both to count on", async () =>
    (await counts()).every((one, index) => one !== "" && one !== before[index]),
  );
}

test("pause stops every process where it is, unpause lets it go on", async () => {
  const pid = await instance.pidOf("pause-box-1");
  await goesOn();
  expect(await instance.ok(["pause", "box"])).toBe("pause-box-1\n");
  expect(await state()).toMatchObject({ Status: "paused", Running: true, Paused: true });
  expect(await instance.ok(["ps"])).toMatch(/Up .* \(Paused\)/);
  const before = await counts();
  await instance.ok(["ps", "-a"]); // some time passes, in which they would have counted
  expect(await counts()).toEqual(before);
  await instance.ok(["unpause", "pause-box-1"]);
  expect(await state()).toMatchObject({ Status: "running", Paused: false });
  await goesOn();
  expect(await instance.pidOf("pause-box-1")).toBe(pid);
});

test("what makes no sense is refused: exec and pausing when paused, unpausing when not", async () => {
  expect((await instance.gantry(["unpause", "box"])).stderr).toContain("is not paused");
  await instance.ok(["pause", "box"]);
  expect((await instance.gantry(["pause", "pause-box-1"])).stderr).toContain("already paused");
  for (const word of ["box", "pause-box-1"])
    expect((await instance.gantry(["exec", word, "true"])).stderr).toContain("is paused");
  const exec = await instance.gantry(["exec", "pause-box-1", "true"]);
  expect(exec).toMatchObject({ code: 125, stderr: expect.stringContaining("gantry unpause") as string });
  await instance.ok(["stop", "box"]);
  expect((await instance.gantry(["pause", "pause-box-1"])).stderr).toContain("not running");
});

test("a paused container is left alone by apply, and can be stopped, killed and removed", async () => {
  await instance.ok(["pause", "box"]);
  expect(await instance.apply(BOX)).toContain("nothing to do");
  expect((await state()).Status).toBe("paused");
  await instance.ok(["stop", "box"]);
  expect((await state()).Status).toBe("exited");
  await instance.ok(["start", "box"]);
  const pid = await instance.pidOf("pause-box-1");
  await instance.ok(["pause", "box"]);
  await instance.ok(["kill", "box"]);
  await until(
    "its next life",
    async () => (await state()).Status === "running" && (await instance.pidOf("pause-box-1")) !== pid,
  );
  await instance.ok(["pause", "box"]);
  await instance.ok(["rm", "-f", "pause-box-1"]);
});

test("the daemon's death forgets nothing of it", async () => {
  await instance.ok(["pause", "box"]);
  await instance.endDaemon("SIGKILL");
  await instance.ok(["ps"]);
  expect((await state()).Status).toBe("paused");
  await instance.ok(["unpause", "box"]);
  await goesOn();
});

test("a shim that dies over a paused container leaves nothing that cannot be killed", async () => {
  const pid = await instance.pidOf("pause-box-1");
  await instance.ok(["pause", "box"]);
  const shim = /^PPid:\t(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  process.kill(Number(shim), "SIGKILL");
  await until(
    "a new process",
    async () => (await state()).Status === "running" && (await instance.pidOf("pause-box-1")) !== pid,
  );
  await goesOn();
});

test.skipIf(!HAS_DOCKER)("docker's own client pauses, lists and unpauses", async () => {
  expect((await docker(instance, "pause", "pause-box-1")).stdout).toBe("pause-box-1\n");
  const { stdout } = await docker(
    instance,
    "ps",
    "--filter",
    "status=paused",
    "--format",
    "{{.Names}} {{.Status}}",
  );
  expect(stdout).toMatch(/^pause-box-1 Up .* \(Paused\)\n$/);
  expect((await docker(instance, "exec", "pause-box-1", "true")).stderr).toContain("is paused");
  expect((await docker(instance, "unpause", "pause-box-1")).code).toBe(0);
  await goesOn();
});

describe("events", () => {
  test("tell of pause and unpause", async () => {
    let told = "";
    const events = instance.start(["events"]);
    events.stdout?.on("data", (text: Buffer) => (told += text.toString()));
    await until("the stream to stand", async () => {
      await instance.ok(["pause", "box"]);
      await instance.ok(["unpause", "box"]);
      return /container pause [^]*container unpause /.test(told);
    });
  });
});

/** A hybrid machine: both versions' freezers are here, and the second is taken from the daemon's sight. */
const HYBRID = existsSync("/sys/fs/cgroup/freezer") && existsSync("/sys/fs/cgroup/unified/cgroup.procs");

test.skipIf(!HYBRID)("where there is no v2 at all, v1's freezer does the same", async () => {
  const old = await Instance.open();
  const script = 'umount /sys/fs/cgroup/unified && exec "$0" "$1" daemon';
  const daemon = spawn("unshare", ["--mount", "sh", "-c", script, process.execPath, CLI], {
    env: { ...process.env, ...old.env },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => daemon.once("close", resolve));
  try {
    await until(
      "the daemon's answer",
      async () => (await old.get<object[]>("/containers/json")).length === 0,
    );
    await old.apply(BOX);
    for (const frozen of ["FROZEN\n", "THAWED\n"]) {
      await old.ok([frozen === "FROZEN\n" ? "pause" : "unpause", "box"]);
      const { Id } = await old.inspect("pause-box-1");
      const cgroup = await readFile(`/proc/${await old.pidOf("pause-box-1")}/cgroup`, "utf8");
      const folder = /^\d+:freezer:(.*)$/m.exec(cgroup)?.[1] ?? "";
      expect(folder).toContain(Id.slice(0, 24));
      expect(await readFile(`/sys/fs/cgroup/freezer${folder}/freezer.state`, "utf8")).toBe(frozen);
    }
    await old.ok(["pause", "box"]);
    await old.ok(["kill", "box"]); // v1 kills nothing that stands still
    await until("its next life", async () => !(await old.ok(["ps"])).includes("Paused"));
    await old.ok(["pause", "box"]);
    await old.ok(["down"]);
  } finally {
    daemon.kill("SIGTERM");
    await ended;
    await old.close();
  }
});
