import { afterEach, beforeEach, expect, test } from "vitest";
import { Instance } from "./instance.ts";
import { until } from "./until.ts";

let instance: Instance;
beforeEach(async () => {
  instance = await Instance.open();
});
afterEach(async ({ task }) => {
  await instance.close(task.result?.state === "fail");
});

interface Detail {
  readonly RestartCount: number;
  readonly State: {
    readonly Running: boolean;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
}

async function detail(): Promise<Detail> {
  return await instance.get<Detail>("/containers/again-box-1/json");
}

/** Applies a service that logs the time of each of its runs, in ms, and ends with a status. */
async function apply(policy: string, status: number): Promise<void> {
  await instance.write(
    "compose.yaml",
    `name: again
services:
  box:
    image: host
    command: [sh, -c, "date +%s%3N; exit ${status}"]
    restart: "${policy}"
`,
  );
  await instance.gantry(["apply"]);
}

/** When each run began, in ms since the epoch. */
async function runs(): Promise<readonly number[]> {
  const log = await instance.ok(["logs", "-p", "again"]);
  return [...log.matchAll(/(\d{13})/g)].map(([, time]) => Number(time));
}

test("no: it ran once, and that was that", async () => {
  await apply("no", 3);
  await until("its end", async () => !(await detail()).State.Running);
  expect(await instance.gantry(["plan"])).not.toMatchObject({ code: 1 });
  expect((await detail()).State.ExitCode).toBe(3);
  expect(await runs()).toHaveLength(1);
});

test("on-failure: what ends well is done; what fails is tried again as often as was said", async () => {
  await apply("on-failure", 0);
  await until("its end", async () => !(await detail()).State.Running);
  expect(await runs()).toHaveLength(1);
  await apply("on-failure:2", 5);
  await until("the last attempt", async () => {
    const { RestartCount, State } = await detail();
    return RestartCount === 2 && !State.Running;
  });
  const count = (await runs()).length;
  expect(await instance.gantry(["plan"])).not.toMatchObject({ code: 1 });
  expect((await detail()).State.ExitCode).toBe(5);
  expect((await runs()).length).toBe(count);
});

test.each(["always", "unless-stopped"])(
  "%s: again and again, waiting twice as long each time",
  async (policy) => {
    await apply(policy, 0);
    await until("five runs", async () => (await runs()).length >= 5);
    const times = await runs();
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    // The delay is a floor: 200, 400, 800, 1600 ms after the end of the run before. A busy machine only adds to it.
    for (const [i, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(100 * 2 ** i);
  },
);

test("deploy.restart_policy: ps says when, how often and why; then it gives up", async () => {
  const policy = (max: number, delay: string): string => `name: again
services:
  box:
    image: host
    command: [sh, -c, "date +%s%3N; exit 4"]
    restart: "no"
    deploy: { restart_policy: { condition: on-failure, delay: ${delay}, max_attempts: ${max} } }
`;
  await instance.write("compose.yaml", policy(2, "1h"));
  await instance.gantry(["apply"]);
  const line = await until("ps to tell", async () =>
    (await instance.ok(["ps"])).split("\n").find((one) => one.includes("again-box-1")),
  );
  expect(line).toMatch(/Restarting in 60 min \(1st time\): exit 4/);
  await instance.write("compose.yaml", policy(2, "100ms"));
  await instance.gantry(["apply"]);
  await until("the last attempt", async () => {
    const { RestartCount, State } = await detail();
    return RestartCount === 2 && !State.Running;
  });
  expect(await instance.ok(["ps", "-a"])).toMatch(/Exited \(4\)/);
  expect(await instance.ok(["ps"])).not.toContain("again-box-1");
});

test("the wait survives the daemon: a new one neither forgets it nor starts anew at once", async () => {
  await apply("always", 1);
  await until("four failures", async () => (await detail()).RestartCount >= 4);
  await instance.endDaemon("SIGKILL");
  await instance.ok(["ps"]);
  expect((await detail()).RestartCount).toBeGreaterThanOrEqual(4);
  const before = (await runs()).length;
  await until("another run", async () => (await runs()).length > before);
});
