import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceForEach } from "./instance-for-each.ts";
import { until } from "./until.ts";

const instance = instanceForEach();

const JOB = (keys: string): string => `name: nightly
services:
  backup:
    image: host
    command: [sh, -c, "echo done"]
    x-gantry: { schedule: "0 0 1 1 *"${keys} }
`;

/** Runs a task while no daemon does, on the record of the run that comes next. */
async function changeNextRun(minutesFromNow: number): Promise<void> {
  await instance().endDaemon("SIGKILL");
  const folder = join(instance().env["GANTRY_ROOT"] ?? "", "containers");
  let changed = 0;
  for (const name of (await readdir(folder)).filter((one) => one.endsWith(".json"))) {
    const record = JSON.parse(await readFile(join(folder, name), "utf8")) as { runAt?: number };
    if (record.runAt === undefined || record.runAt < Date.now()) continue;
    changed += 1;
    await writeFile(
      join(folder, name),
      JSON.stringify({ ...record, runAt: Date.now() + minutesFromNow * 60_000 }),
    );
  }
  expect(changed).toBe(1);
  await instance().ok(["ps"]);
}

async function states(): Promise<readonly string[]> {
  return [...(await instance().containers())].map(([name, { State }]) => `${name} ${State}`).sort();
}

test("a run is made ahead, ps says when it comes; in its time it runs, its log stays, and the next is made", async () => {
  await instance().apply(JOB(", history: 1"));
  expect(await states()).toEqual(["nightly-backup-1 created"]);
  expect(await instance().ok(["ps"])).toMatch(/Next run in \d+ (h|min|s) .*nightly-backup-1/);
  expect((await instance().gantry(["plan"])).code).toBe(0);

  await changeNextRun(0);
  const first = ["nightly-backup-1 exited", "nightly-backup-2 created"];
  await until("the first run", async () => (await states()).join() === first.join());
  expect(await instance().ok(["logs", "-p", "nightly", "backup"])).toContain("done");

  await changeNextRun(0);
  const second = ["nightly-backup-2 exited", "nightly-backup-3 created"];
  await until("the second run, and the first gone", async () => (await states()).join() === second.join());
});

test("a run that was missed is skipped, or made up for", async () => {
  await instance().apply(JOB(""));
  await changeNextRun(-90);
  await until("another time", async () => /Next run in \d+ h/.test(await instance().ok(["ps"])));
  expect(await states()).toEqual(["nightly-backup-1 created"]);

  await instance().apply(JOB(", missed: once"));
  await changeNextRun(-90);
  const made = ["nightly-backup-1 exited", "nightly-backup-2 created"];
  await until("the run", async () => (await states()).join() === made.join());
});
