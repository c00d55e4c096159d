import { expect, test } from "vitest";
import { type Probing, probingsOf, type Role } from "../../../src/runtime/health/check.ts";
import { combine } from "../../../src/runtime/health/combine.ts";
import { afterProbe, type Health, newHealth } from "../../../src/runtime/health/state.ts";

const START = 1_700_000_000_000;
const PROBE = {
  question: { kind: "tcp", port: 80 },
  intervalMs: 1000,
  failures: 2,
  successes: 2,
} as const;
const ROLES = { startup: PROBE, ready: PROBE, live: PROBE };

function probing(role: Role): Probing {
  const found = probingsOf({ probes: ROLES }, undefined).find((one) => one.role === role);
  if (found === undefined) throw new Error(role);
  return found;
}

/** The health of a probe after answers a second apart: `+` is a success. */
function part(role: Role, answers: string): Health {
  return answers.split("").reduce((health, answer, index) => {
    const at = START + (index + 1) * 1000;
    const result = { start: at, end: at, exitCode: answer === "+" ? 0 : 1, output: `said ${answer}` };
    return afterProbe(health, result, probing(role), START);
  }, newHealth(START));
}

function combined(answers: Partial<Record<Role, string>>): Health | undefined {
  return combine(
    new Map(Object.entries(answers).map(([role, text]) => [role as Role, part(role as Role, text)])),
  );
}

test("in service is who passed all that it was asked, as often as it was asked", () => {
  expect(combined({})).toBeUndefined();
  expect(combined({ ready: "+" })?.status).toBe("starting");
  expect(combined({ ready: "+-++" })?.status).toBe("healthy");
  expect(combined({ ready: "++", live: "" })?.status).toBe("starting");
  expect(combined({ ready: "++", live: "++" })?.status).toBe("healthy");
  expect(combined({ ready: "++-", live: "++" })?.status).toBe("healthy");
  expect(combined({ ready: "++--", live: "++" })).toMatchObject({ status: "unhealthy", failingStreak: 2 });
  expect(combined({ ready: "++--+", live: "++" })?.status).toBe("unhealthy");
  expect(combined({ ready: "++--++", live: "++" })?.status).toBe("healthy");
});

test("only live and startup ask for a restart, and say since when, after how long, and why", () => {
  expect(combined({ ready: "++--", live: "++" })?.ailing).toBeUndefined();
  expect(combined({ ready: "++", live: "++++---" })?.ailing).toEqual({
    since: START + 6000,
    servedMs: 4000,
    reason: "live: said -",
  });
  expect(combined({ startup: "--" })?.ailing).toMatchObject({ servedMs: 0, reason: "startup: said -" });
  expect(combined({ live: "++--++" })?.ailing).toBeUndefined();
});
