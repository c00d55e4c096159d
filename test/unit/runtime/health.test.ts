import { describe, expect, test } from "vitest";
import { checkOf, type Check } from "../../../src/runtime/health/check.ts";
import { afterProbe, type Health, newHealth, nextDelay } from "../../../src/runtime/health/state.ts";

const START = 1_700_000_000_000;
const CHECK: Check = {
  command: ["true"],
  intervalMs: 1000,
  timeoutMs: 500,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: undefined,
};

/** The health after probes at these times (ms after the start) with these exit codes. */
function after(probes: readonly (readonly [at: number, exitCode: number])[], check = CHECK): Health {
  return probes.reduce(
    (health, [at, exitCode]) =>
      afterProbe(health, { start: START + at, end: START + at, exitCode, output: "" }, check, START),
    newHealth(START),
  );
}

describe("the check of a container", () => {
  test("a program is run as it is, a line by the shell", () => {
    expect(checkOf({ test: ["CMD", "probe", "-q"] }, undefined)?.command).toEqual(["probe", "-q"]);
    expect(checkOf({ test: ["CMD-SHELL", "a | b"] }, undefined)?.command).toEqual(["/bin/sh", "-c", "a | b"]);
  });

  test("what is left out is the image's, and then docker's default", () => {
    const image = { test: ["CMD", "probe"], retries: 7 };
    expect(checkOf({ intervalMs: 5000 }, image)).toEqual({
      command: ["probe"],
      intervalMs: 5000,
      timeoutMs: 30_000,
      retries: 7,
      startPeriodMs: 0,
      startIntervalMs: undefined,
    });
  });

  test("there is none where nobody asks for one, and where it is turned off", () => {
    expect(checkOf(undefined, undefined)).toBeUndefined();
    expect(checkOf({ test: ["NONE"] }, { test: ["CMD", "probe"] })).toBeUndefined();
    expect(checkOf({ retries: 3 }, undefined)).toBeUndefined();
  });
});

describe("health", () => {
  test("is good from the first probe that succeeds", () => {
    expect(after([[60, 0]])).toMatchObject({ status: "healthy", failingStreak: 0 });
  });

  test("early failures do not add up faster than the interval", () => {
    const quick = Array.from({ length: 9 }, (_, index) => [index * 100, 1] as const);
    expect(after(quick)).toMatchObject({ status: "starting", failingStreak: 0 });
    expect(after([...quick, [1000, 1], [1100, 1], [2000, 1]])).toMatchObject({
      status: "starting",
      failingStreak: 2,
    });
  });

  test("is bad after so many failures, an interval apart", () => {
    expect(
      after([
        [0, 1],
        [1000, 1],
        [2000, 1],
        [3000, 1],
      ]),
    ).toMatchObject({ status: "unhealthy", failingStreak: 3 });
  });

  test("failures of a healthy container count each", () => {
    expect(
      after([
        [0, 0],
        [1000, 1],
        [2000, 1],
      ]),
    ).toMatchObject({ status: "healthy", failingStreak: 2 });
    expect(
      after([
        [0, 0],
        [1000, 1],
        [2000, 1],
        [3000, -1],
      ]).status,
    ).toBe("unhealthy");
  });

  test("one success makes up for all", () => {
    expect(
      after([
        [0, 0],
        [1000, 1],
        [2000, 1],
        [3000, 1],
        [4000, 0],
      ]),
    ).toMatchObject({
      status: "healthy",
      failingStreak: 0,
    });
  });

  test("failures in the start period do not count", () => {
    const patient = { ...CHECK, startPeriodMs: 10_000 };
    const failing = Array.from({ length: 9 }, (_, index) => [(index + 1) * 1000, 1] as const);
    expect(after(failing, patient)).toMatchObject({ status: "starting", failingStreak: 0 });
    expect(after([...failing, [10_000, 1], [11_000, 1], [12_000, 1]], patient).status).toBe("unhealthy");
  });

  test("the last five probes are kept", () => {
    const probes = Array.from({ length: 8 }, (_, index) => [index * 1000, 0] as const);
    expect(after(probes).log.map(({ start }) => start - START)).toEqual([3000, 4000, 5000, 6000, 7000]);
  });

  test("until it is known probes come quickly, then at the interval", () => {
    expect([0, 1, 2, 3, 99].map((probes) => nextDelay("starting", CHECK, probes))).toEqual([
      50, 100, 200, 400, 1000,
    ]);
    expect(nextDelay("starting", { ...CHECK, startIntervalMs: 300 }, 9)).toBe(300);
    expect(nextDelay("healthy", CHECK, 1)).toBe(1000);
  });
});
