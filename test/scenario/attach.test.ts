import { spawn } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { dockerEnvironment, HAS_DOCKER } from "./docker-command.ts";
import { Instance } from "./instance.ts";
import { until } from "./until.ts";

/** Says what it is told by signals, and something before anybody listens. */
const SPEC = `name: att
services:
  talker:
    image: host
    command:
      - sh
      - -c
      - |
        echo before
        trap 'echo told; echo aside >&2' USR1
        trap 'echo bye; exit 5' INT
        while :; do sleep 0.02; done
`;

let instance: Instance;
let failed = false;
beforeAll(async () => {
  instance = await Instance.open();
});
beforeEach(async () => {
  await instance.apply(SPEC);
  await until("its first line", async () => (await instance.ok(["logs", "att-talker-1"])).includes("before"));
});
afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
});
afterAll(() => instance.close(failed));

interface Listener {
  readonly child: ReturnType<Instance["start"]>;
  readonly text: { stdout: string; stderr: string };
  readonly over: Promise<number | null>;
}

function listen(child: ReturnType<Instance["start"]>): Listener {
  const text = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  return { child, text, over: new Promise((resolve) => child.once("close", resolve)) };
}

/** Makes the container speak until somebody hears it. */
async function heard({ text }: Listener): Promise<void> {
  await until("what it says", async () => {
    await instance.ok(["kill", "-s", "USR1", "att-talker-1"]);
    return text.stdout.includes("told\n") && text.stderr.includes("aside\n");
  });
}

test("attach shows both streams from now on, hands signals on, and ends with the container's status", async () => {
  const listener = listen(instance.start(["attach", "talker"]));
  await heard(listener);
  expect(listener.text.stdout).not.toContain("before");
  listener.child.kill("SIGINT");
  expect(await listener.over).toBe(5);
  expect(listener.text.stdout).toMatch(/bye\n$/);
});

test("without signal proxying ctrl-C leaves the container alone", async () => {
  const listener = listen(instance.start(["attach", "--no-sig-proxy", "att-talker-1"]));
  await heard(listener);
  listener.child.kill("SIGINT");
  expect(await listener.over).toBe(130);
  expect(await instance.running()).toEqual(["att-talker-1"]);
});

test("one that does not run, or is paused, cannot be attached to", async () => {
  await instance.ok(["pause", "talker"]);
  const paused = await instance.gantry(["attach", "att-talker-1"]);
  expect(paused).toMatchObject({ code: 1, stderr: expect.stringContaining("is paused") as string });
  await instance.ok(["stop", "talker"]);
  const stopped = await instance.gantry(["attach", "att-talker-1"]);
  expect(stopped).toMatchObject({ code: 1, stderr: expect.stringContaining("gantry logs") as string });
  expect((await instance.gantry(["attach", "nobody"])).stderr).toContain("No such container: nobody");
});

test.skipIf(!HAS_DOCKER)("docker's own client attaches", async () => {
  const child = spawn("docker", ["attach", "att-talker-1"], { env: dockerEnvironment(instance) });
  const listener = listen(child);
  try {
    await heard(listener);
    child.kill("SIGINT");
    expect(await listener.over).toBe(5);
    expect(listener.text.stdout).not.toContain("before");
  } finally {
    child.kill("SIGKILL");
  }
});
