import { describe, expect, test } from "vitest";
import type { ObservedContainer } from "../../../src/observe/snapshot.ts";
import type { Plan } from "../../../src/reconcile/action.ts";
import type { RestartPolicy } from "../../../src/spec/project.ts";
import { plan } from "../../../src/reconcile/plan.ts";
import { desired, exited, NOW, planFor, project, replica, service, settledSnapshot } from "./fixture.ts";

/** What is planned for one replica in this condition. */
function planOf(restart: RestartPolicy, condition: Partial<ObservedContainer>): Plan {
  const wanted = project({ web: service({ restart }) });
  return planFor(wanted, settledSnapshot(wanted, { containers: [replica(wanted, "web", 1, condition)] }));
}

/** `rests`, or what is started and why. */
function verdict(restart: RestartPolicy, condition: Partial<ObservedContainer>): string {
  const [step] = planOf(restart, condition).steps;
  return step === undefined ? "rests" : `${step.key}: ${step.cause}`;
}

const always: RestartPolicy = { name: "always" };

describe("a container that ended", () => {
  test.each<[RestartPolicy, number, string]>([
    [{ name: "no" }, 0, "rests"],
    [{ name: "no" }, 1, "rests"],
    [{ name: "on-failure" }, 0, "rests"],
    [{ name: "on-failure" }, 1, "start web.1: exited with status 1 (restart: on-failure, attempt 1)"],
    [always, 0, "start web.1: exited with status 0 (restart: always, attempt 1)"],
    [always, 1, "start web.1: exited with status 1 (restart: always, attempt 1)"],
    [
      { name: "unless-stopped" },
      137,
      "start web.1: exited with status 137 (restart: unless-stopped, attempt 1)",
    ],
  ])("%j, status %i", (policy, status, expected) => {
    expect(verdict(policy, exited(status))).toBe(expected);
  });

  test("for lack of memory says so", () => {
    expect(verdict(always, { ...exited(137), oomKilled: true, failures: 2 })).toBe(
      "start web.1: killed: out of memory (restart: always, attempt 3)",
    );
  });

  test("while nobody watched counts as a failure", () => {
    const { exitCode: _, ...unknown } = exited(0);
    expect(verdict({ name: "on-failure" }, unknown)).toBe(
      "start web.1: ended, and nobody saw how (restart: on-failure, attempt 1)",
    );
  });

  test("and could not be started at all counts as a failed run", () => {
    const startFailure = { code: "command.not-found", message: "no such command: serve" } as const;
    const condition = { state: "created", startFailure, finishedAt: NOW - 5_000 } as const;
    expect(verdict({ name: "no" }, condition)).toBe("rests");
    expect(verdict(always, condition)).toBe(
      "start web.1: could not start: no such command: serve (restart: always, attempt 1)",
    );
  });

  test("by hand rests, whatever the policy", () => {
    expect(verdict(always, { ...exited(1), stoppedByUser: true })).toBe("rests");
  });
});

test("a container whose making was cut short is started, whatever the policy, and that is no failure", () => {
  const planned = planOf({ name: "no" }, { state: "created", failures: 0 });
  expect(planned.steps[0]).toMatchObject({
    cause: "created but never started",
    action: { kind: "start", failures: 0 },
  });
});

test("on-failure gives up after so many tries", () => {
  const policy: RestartPolicy = { name: "on-failure", maxRetries: 3 };
  expect(verdict(policy, { ...exited(1), failures: 2 })).toContain("attempt 3");
  expect(verdict(policy, { ...exited(1), failures: 3 })).toBe("rests");
  expect(planOf(policy, { ...exited(1), failures: 3 }).wakeAt).toBeNull();
});

describe("backing off", () => {
  test.each([
    [0, 100],
    [1, 200],
    [2, 400],
    [9, 51_200],
    [10, 60_000],
    [2_000, 60_000],
  ])("after %i failures waits %i ms from the end of the last run, not a ms longer", (failures, delay) => {
    const id = "0".repeat(64); // its share of the spread is none
    const early = planOf(always, { ...exited(1, delay - 1), failures, id });
    expect(early.steps).toEqual([]);
    expect(early.wakeAt).toBe(NOW + 1);
    const due = planOf(always, { ...exited(1, delay), failures, id });
    expect(due.steps[0]?.action).toMatchObject({ kind: "start", failures: failures + 1 });
    expect(due.wakeAt).toBeNull();
  });

  test("waits as long as the policy says each time, and at least 100 ms", () => {
    const policy: RestartPolicy = { name: "always", delayMs: 120_000 };
    for (const failures of [0, 7]) {
      expect(planOf(policy, { ...exited(1, 119_999), failures }).wakeAt).toBe(NOW + 1);
      expect(planOf(policy, { ...exited(1, 120_000), failures }).steps).toHaveLength(1);
    }
    expect(planOf({ name: "always", delayMs: 1 }, exited(1, 99)).wakeAt).toBe(NOW + 1);
  });

  test("counts anew after a run as long as the policy's window", () => {
    const policy: RestartPolicy = { name: "on-failure", maxRetries: 2, windowMs: 60_000 };
    expect(verdict(policy, { ...exited(1, 100, 59_999), failures: 2 })).toBe("rests");
    expect(verdict(policy, { ...exited(1, 100, 60_000), failures: 2 })).toContain("attempt 1");
  });

  test("gives up after the attempts of any policy", () => {
    const policy: RestartPolicy = { name: "unless-stopped", maxRetries: 2 };
    expect(verdict(policy, { ...exited(0), failures: 1 })).toContain("attempt 2");
    expect(verdict(policy, { ...exited(0), failures: 2 })).toBe("rests");
  });

  test("spreads long delays by the container's id, by a tenth at most, and never short ones", () => {
    const until = (digits: string, failures: number): number => {
      const condition = { ...exited(1, 0), failures, id: digits.padEnd(64, "0") };
      return (planOf(always, condition).wakeAt ?? 0) - NOW;
    };
    expect([until("00000000", 4), until("80000000", 4), until("ffffffff", 4)]).toEqual([1600, 1520, 1440]);
    expect(until("80000000", 30)).toBe(57_000);
    expect(until("80000000", 3)).toBe(800);
  });

  test("begins anew once a run lasted ten seconds", () => {
    expect(planOf(always, { ...exited(1, 100, 10_000), failures: 9 }).steps[0]?.action).toMatchObject({
      failures: 1,
    });
    expect(planOf(always, { ...exited(1, 100, 9_999), failures: 9 }).steps).toEqual([]);
  });

  test("of several containers wakes for the first", () => {
    const wanted = project({
      web: service({ restart: always, replicas: 2 }),
      db: service({ restart: always }),
    });
    const containers = [
      replica(wanted, "web", 1, { ...exited(1, 0), failures: 3 }),
      replica(wanted, "web", 2, { ...exited(1, 0), failures: 1 }),
      replica(wanted, "db", 1, { ...exited(1, 0), failures: 5 }),
    ];
    expect(planFor(wanted, settledSnapshot(wanted, { containers })).wakeAt).toBe(NOW + 200);
  });

  test("is not put off for hours by a clock that was set back", () => {
    expect(planOf(always, exited(1, -3_600_000)).steps).toHaveLength(1);
  });
});

describe("a service that somebody asks for by hand", () => {
  const no: RestartPolicy = { name: "no" };

  /** As `verdict`, for an apply or a start by hand. */
  function verdictAgain(restart: RestartPolicy, condition: Partial<ObservedContainer>): string {
    const wanted = project({ web: service({ restart }) });
    const snapshot = settledSnapshot(wanted, { containers: [replica(wanted, "web", 1, condition)] });
    const goal = desired(wanted);
    const [step] = plan({ desired: goal, project: wanted.name, snapshot, now: NOW, again: ["web"] }).steps;
    return step === undefined ? "rests" : `${step.key}: ${step.cause}`;
  }

  test("tries again what failed, whatever the policy says", () => {
    expect(verdictAgain(no, exited(1))).toBe("start web.1: tried again: exited with status 1");
    expect(verdictAgain(always, { ...exited(1), failures: 9, finishedAt: NOW })).toBe(
      "start web.1: tried again: exited with status 1",
    );
  });

  test("starts what was stopped by hand", () => {
    expect(verdictAgain(no, { ...exited(0), stoppedByUser: true })).toBe("start web.1: was stopped by hand");
    expect(verdict(always, { ...exited(0), stoppedByUser: true })).toBe("rests");
  });

  test("leaves a job alone that is done", () => {
    expect(verdictAgain(no, exited(0))).toBe("rests");
    expect(verdictAgain({ name: "on-failure" }, exited(0))).toBe("rests");
  });
});

describe("a running container whose live probe fails", () => {
  /** It failed so long ago, in ms, after it had served for so long. */
  function ailing(ago: number, servedMs: number, failures = 0): Partial<ObservedContainer> {
    const reason = { since: NOW - ago, servedMs, reason: "live: HTTP status 503" };
    return {
      failures,
      health: {
        status: "unhealthy",
        failingStreak: 3,
        log: [],
        countedAt: NOW - ago,
        changedAt: NOW - ago,
        ailing: reason,
      },
    };
  }

  test("is restarted at once, whatever the policy", () => {
    expect(verdict({ name: "no" }, ailing(0, 100))).toBe("restart web.1: live: HTTP status 503 (attempt 1)");
  });

  test("is restarted ever later", () => {
    const early = planOf(always, ailing(399, 100, 2));
    expect(early.steps).toEqual([]);
    expect(early.wakeAt).toBe(NOW + 1);
    expect(planOf(always, ailing(400, 100, 2)).steps[0]?.action).toMatchObject({
      kind: "restart",
      failures: 3,
    });
  });

  test("and had served for ten seconds counts as one that never failed", () => {
    expect(planOf(always, ailing(0, 10_000, 9)).steps[0]?.action).toMatchObject({ failures: 1 });
    expect(planOf(always, ailing(0, 9_999, 9)).steps).toEqual([]);
  });

  test("is left alone while it is paused, and when it was stopped by hand", () => {
    expect(verdict(always, { ...ailing(0, 0), paused: true })).toBe("rests");
    expect(verdict(always, { ...ailing(0, 0), stoppedByUser: true })).toBe("rests");
  });
});

test("a restart that was cut short is finished, whatever the policy", () => {
  expect(verdict({ name: "no" }, { ...exited(0), restarting: true })).toBe(
    "start web.1: a restart was cut short",
  );
  expect(verdict(always, { ...exited(0), restarting: true, stoppedByUser: true })).toBe("rests");
});
