import * as fc from "fast-check";
import { defaultNetwork } from "../../src/net/definition.ts";
import { describe, expect, test } from "vitest";
import { graphOf } from "../../src/apply/graph.ts";
import type { Snapshot } from "../../src/observe/snapshot.ts";
import type { Plan, Step } from "../../src/reconcile/action.ts";
import { ownVolumes, type Desired } from "../../src/reconcile/desired.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { renderPlan } from "../../src/reconcile/render.ts";
import { desired, NOW, settledSnapshot } from "../unit/reconcile/fixture.ts";
import { anyDesired, anyProject, anySnapshot } from "./reconcile-arbitrary.ts";
import { applySteps, snapshotOf, worldFrom, type World } from "./reconcile-world.ts";

function planFor(goal: Desired | null, snapshot: Snapshot, now = NOW): Plan {
  return plan({ desired: goal, project: "shop", snapshot, now });
}

/** Plans and applies, going on to where backoffs end, until nothing is left to do. Returns the number of plans applied. */
function settle(world: World, goal: Desired | null): number {
  for (let rounds = 0; rounds < 20; rounds++) {
    const { steps, problems, wakeAt } = planFor(goal, snapshotOf(world), world.now);
    expect(problems).toEqual([]);
    if (steps.length === 0 && wakeAt === null) return rounds;
    applySteps(world, steps);
    if (wakeAt !== null) world.now = Math.max(world.now, wakeAt);
  }
  throw new Error("does not settle");
}

/** A copy in which every list and every record of the snapshot that means a set is in another order. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  return items
    .map((item, index) => ({ item, rank: Math.imul(index + 1, seed) % 7919 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

function shuffledRecord<T>(record: Readonly<Record<string, T>>, seed: number): Record<string, T> {
  return Object.fromEntries(shuffled(Object.entries(record), seed));
}

describe("for any project", () => {
  test("a world as wanted gives an empty plan", () => {
    fc.assert(
      fc.property(anyProject, (wanted) => {
        const settled = settledSnapshot(wanted);
        // `tools` is imported by then.
        const images = Object.fromEntries(
          settled.containers.map(({ config, imageId }) => [config.image, imageId]),
        );
        const all = {
          ...settled,
          // A network nobody is in goes away.
          networks: Object.keys(wanted.services).length === 0 ? [] : [defaultNetwork("shop")],
          images: { ...settled.images, ...images },
        };
        const { steps, problems } = planFor(desired(wanted), all);
        const unused = steps.filter((step) => step.action.kind !== "import-image");
        expect([unused, problems]).toEqual([[], []]);
      }),
    );
  });
});

describe("for any project and any world", () => {
  test("applying the plan converges, and then there is nothing left to do", () => {
    fc.assert(
      fc.property(anyDesired, anySnapshot, (goal, snapshot) => {
        const world = worldFrom(snapshot, NOW);
        // At most: what is due; what an import reveals or a backoff puts off, one after another.
        settle(world, goal);
        expect(planFor(goal, snapshotOf(world), world.now)).toEqual({
          steps: [],
          problems: [],
          later: [],
          wakeAt: null,
        });
        for (const [name, service] of Object.entries(goal.project.services)) {
          const count =
            (Object.hasOwn(goal.replicas, name) ? goal.replicas[name] : undefined) ?? service.replicas;
          const ours = [...world.containers.values()].filter(
            (container) => container.owner?.service === name,
          );
          const numbers = ours.map((container) => container.owner?.number ?? 0).sort((a, b) => a - b);
          expect(numbers.every((number, index) => number <= count && number !== numbers[index - 1])).toBe(
            true,
          );
          if (goal.stopped.includes(name))
            expect(ours.filter(({ state }) => state === "running")).toEqual([]);
          else expect(numbers).toHaveLength(count);
        }
        const services = new Set(Object.keys(goal.project.services));
        expect(
          [...world.containers.values()].filter(({ owner }) => !services.has(owner?.service ?? "")),
        ).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("a world without backoffs, dead containers and images to import converges in one plan", () => {
    fc.assert(
      fc.property(anyDesired, anySnapshot, (goal, { containers, ...rest }) => {
        const alive = containers.map((container) => ({ ...container, state: "running" as const }));
        const images = { ...rest.images, tools: "sha256:tools" };
        const world = worldFrom({ ...rest, containers: alive, images }, NOW);
        expect(settle(world, goal)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("taking it down leaves nothing but volumes, and they go if they are named", () => {
    fc.assert(
      fc.property(anyProject, anySnapshot, fc.boolean(), (wanted, snapshot, volumes) => {
        const world = worldFrom(snapshot, NOW);
        const removeVolumes = volumes ? ownVolumes(wanted) : [];
        const input = { desired: null, project: "shop", now: NOW, removeVolumes };
        applySteps(world, plan({ ...input, snapshot: snapshotOf(world) }).steps);
        expect(plan({ ...input, snapshot: snapshotOf(world) }).steps).toEqual([]);
        expect([...world.containers.keys(), ...world.published]).toEqual([]);
        expect([...world.networks.keys()]).toEqual(["blog_default"]);
        expect([...world.volumes]).toEqual(
          volumes ? snapshot.volumes.filter((name) => name === "other") : snapshot.volumes,
        );
      }),
    );
  });

  test("keys are unique, the graph is whole and without cycles, and every cause says something", () => {
    fc.assert(
      fc.property(fc.option(anyDesired), anySnapshot, (goal, snapshot) => {
        const { steps } = planFor(goal, snapshot);
        expect(() => graphOf(steps)).not.toThrow();
        expect(steps.every(({ cause, subject }) => cause !== "" && subject !== "")).toBe(true);
      }),
    );
  });

  test("the promised order holds", () => {
    fc.assert(
      fc.property(anyDesired, anySnapshot, (goal, snapshot) => {
        const { steps } = planFor(goal, snapshot);
        const before = ancestors(steps);
        const all = (matches: (step: Step) => boolean): string[] =>
          steps.filter(matches).map(({ key }) => key);
        const network = all(({ action }) => action.kind === "create-network");
        const listeners = all(({ key }) => key.startsWith("publish ") || key.startsWith("release "));
        for (const { key, action, subject } of steps) {
          const earlier = before.get(key) ?? new Set();
          const needs = network.filter((name) => name !== key);
          if (!listeners.includes(key) && !network.includes(key)) needs.push(...listeners);
          if (action.kind === "create" || action.kind === "replace") {
            needs.push(...all((other) => other.key === `import-image ${action.config.image}`));
            for (const mount of action.config.mounts) {
              if (mount.type === "volume")
                needs.push(...all((other) => other.key === `create-volume ${mount.source ?? ""}`));
            }
          }
          if (key.startsWith("close ")) {
            const service = key.slice("close ".length);
            const leaving = (other: Step) =>
              ["remove", "stop"].includes(other.action.kind) && other.subject.startsWith(`${service}.`);
            needs.push(...all(leaving));
          }
          expect({ subject, missing: needs.filter((name) => !earlier.has(name)) }).toEqual({
            subject,
            missing: [],
          });
        }
      }),
    );
  });

  test("replicas of one service are replaced one at a time", () => {
    fc.assert(
      fc.property(anyDesired, anySnapshot, (goal, snapshot) => {
        const { steps } = planFor(goal, snapshot);
        const before = ancestors(steps);
        const replaced = steps.flatMap(({ key, action }) =>
          action.kind === "replace" ? [{ key, service: action.owner.service }] : [],
        );
        for (const [index, later] of replaced.entries()) {
          for (const earlier of replaced.slice(0, index)) {
            expect(before.get(later.key)?.has(earlier.key)).toBe(earlier.service === later.service);
          }
        }
      }),
    );
  });

  test("the plan does not depend on the order of its input, and planning changes none of it", () => {
    fc.assert(
      fc.property(anyDesired, anySnapshot, fc.integer({ min: 2, max: 1000 }), (goal, snapshot, seed) => {
        const original = structuredClone({ goal, snapshot });
        const expected = planFor(goal, snapshot);
        expect({ goal, snapshot }).toEqual(original);
        const other = planFor(
          {
            project: {
              ...goal.project,
              services: shuffledRecord(goal.project.services, seed),
              volumes: shuffledRecord(goal.project.volumes, seed),
            },
            replicas: shuffledRecord(goal.replicas, seed),
            stopped: shuffled(goal.stopped, seed),
          },
          {
            ...snapshot,
            containers: shuffled(snapshot.containers, seed),
            images: shuffledRecord(snapshot.images, seed),
            networks: shuffled(snapshot.networks, seed),
            volumes: shuffled(snapshot.volumes, seed),
            published: shuffled(snapshot.published, seed),
          },
        );
        expect(other).toEqual(expected);
        expect(renderPlan(other)).toBe(renderPlan(expected));
      }),
    );
  });
});

/** For each step, all that it waits for, directly or by way of others. Needs a plan whose order respects its graph. */
function ancestors(steps: readonly Step[]): Map<string, ReadonlySet<string>> {
  const result = new Map<string, ReadonlySet<string>>();
  for (const { key, after } of steps) {
    result.set(key, new Set(after.flatMap((name) => [name, ...(result.get(name) ?? [])])));
  }
  return result;
}
