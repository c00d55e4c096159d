import { describe, expect, test } from "vitest";
import type { ObservedContainer } from "../../../src/observe/snapshot.ts";
import { parseCron } from "../../../src/spec/cron.ts";
import type { Job } from "../../../src/spec/project.ts";
import {
  desired,
  exited,
  linesFor,
  NOW,
  planFor,
  project,
  replica,
  service,
  settledSnapshot,
} from "./fixture.ts";

// NOW is 2023-11-14 22:13:20 UTC.
const NEXT = Date.UTC(2023, 10, 14, 22, 15);
const DUE = Date.UTC(2023, 10, 14, 22, 13);

const JOB: Job = {
  schedule: "*/5 * * * *",
  cron: parseCron("*/5 * * * *"),
  timezone: "UTC",
  concurrency: "forbid",
  missed: "skip",
  history: 2,
};

function wanted(job: Partial<Job> = {}, changes: Parameters<typeof service>[0] = {}) {
  return project({ backup: service({ image: "web:1", job: { ...JOB, ...job }, ...changes }) });
}

type Run = readonly [number, Partial<ObservedContainer>];

/** A run that is yet to come. */
function pending(number: number, runAt: number): Run {
  return [number, { state: "created", runAt }];
}

const running = (number: number): Run => [number, { runAt: DUE - 300_000 }];
const over = (number: number): Run => [number, { runAt: 1, ...exited(0) }];

function snapshot(goal: ReturnType<typeof wanted>, runs: readonly Run[]) {
  const containers = runs.map(([number, changes]) => {
    const { startedAt: _, pid: __, ...plain } = replica(goal, "backup", number);
    return changes.state === undefined ? replica(goal, "backup", number, changes) : { ...plain, ...changes };
  });
  return settledSnapshot(goal, { containers });
}

function lines(runs: readonly Run[], job: Partial<Job> = {}): string[] {
  const goal = wanted(job);
  return linesFor(goal, snapshot(goal, runs));
}

test("at first the next run is made ahead; then there is nothing to do until it comes", () => {
  expect(lines([])).toEqual(["+ backup.1  schedule  next run (*/5 * * * *): 2023-11-14 22:15 UTC"]);
  const goal = wanted();
  const planned = planFor(goal, snapshot(goal, [pending(1, NEXT)]));
  expect(planned).toMatchObject({ steps: [], wakeAt: NEXT });
});

test("when its time has come it starts, and then the next is made", () => {
  expect(lines([pending(4, DUE)])).toEqual(["~ backup.4  start  scheduled for 2023-11-14 22:13 UTC"]);
  expect(lines([running(4)])).toEqual(["+ backup.5  schedule  next run (*/5 * * * *): 2023-11-14 22:15 UTC"]);
});

describe("when another run is not done", () => {
  const both = [running(3), pending(4, DUE)];

  test("forbid skips it", () => {
    expect(lines(both)).toEqual([
      "~ backup.4  schedule  skipped 2023-11-14 22:13 UTC, as backup.3 is not done; next run: 2023-11-14 22:15 UTC",
    ]);
  });

  test("allow runs both", () => {
    expect(lines(both, { concurrency: "allow" })).toEqual([
      "~ backup.4  start  scheduled for 2023-11-14 22:13 UTC",
    ]);
  });

  test("replace ends the other first", () => {
    const goal = wanted({ concurrency: "replace" });
    const { steps } = planFor(goal, snapshot(goal, both));
    expect(steps.map(({ key }) => key)).toEqual(["stop backup.3", "start backup.4"]);
    expect(steps[1]?.after).toContain("stop backup.3");
  });

  test("one that waits to be tried again is not done either", () => {
    const goal = wanted({}, { restart: { name: "on-failure" } });
    const failed: Run = [3, { runAt: 1, ...exited(1, 10), failures: 9 }];
    expect(linesFor(goal, snapshot(goal, [failed, pending(4, DUE)]))).toEqual([
      expect.stringContaining("as backup.3 is not done") as string,
    ]);
  });
});

test("a run that was missed is skipped, or made up for once", () => {
  const runs = [pending(4, NOW - 3_600_000)];
  expect(lines(runs)).toEqual([
    "~ backup.4  schedule  missed 2023-11-14 21:13 UTC, next run: 2023-11-14 22:15 UTC",
  ]);
  expect(lines(runs, { missed: "once" })).toEqual(["~ backup.4  start  scheduled for 2023-11-14 21:13 UTC"]);
});

test("only so many runs are kept once they are over, the last ones", () => {
  expect(lines([over(1), over(2), over(3), running(4), pending(5, NEXT)])).toEqual([
    "- backup.1  remove  history: 2",
  ]);
});

test("another schedule moves the next run, another configuration makes it anew; runs that were stay as they are", () => {
  expect(lines([pending(1, NEXT)], { schedule: "0 0 * * *", cron: parseCron("0 0 * * *") })).toEqual([
    "~ backup.1  schedule  next run (0 0 * * *): 2023-11-15 00:00 UTC",
  ]);
  const before = wanted();
  const after = wanted({}, { command: ["new"] });
  const there = snapshot(before, [over(1), running(2), pending(3, NEXT)]);
  expect(linesFor(after, there)).toEqual([
    "- backup.3  remove  command changed",
    "+ backup.4  schedule  next run, as it is now: 2023-11-14 22:15 UTC",
  ]);
});

test("what ran all the time goes when its service gets a schedule", () => {
  expect(lines([[1, { state: "running" }]])).toEqual([
    "- backup.1  remove  it runs on a schedule now",
    "+ backup.2  schedule  next run (*/5 * * * *): 2023-11-14 22:15 UTC",
  ]);
});

test("a run that fails is tried again as the restart policy has it", () => {
  const failed: Run = [3, { runAt: 1, ...exited(1) }];
  const goal = wanted({}, { restart: { name: "on-failure", maxRetries: 1 } });
  expect(linesFor(goal, snapshot(goal, [failed, pending(4, NEXT)]))).toEqual([
    "~ backup.3  start  exited with status 1 (restart: on-failure:1, attempt 1)",
  ]);
  expect(lines([failed, pending(4, NEXT)])).toEqual([]);
});

test("stopped by hand nothing of it runs, and nothing comes", () => {
  const goal = wanted();
  const stopped = desired(goal, { stopped: ["backup"] });
  expect(planFor(stopped, snapshot(goal, [running(3), pending(4, DUE)])).steps.map(({ key }) => key)).toEqual(
    ["stop backup.3"],
  );
  expect(planFor(stopped, snapshot(goal, [pending(4, DUE)]))).toMatchObject({ steps: [], wakeAt: null });
});
