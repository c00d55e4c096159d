import { describe, expect, test } from "vitest";
import { renderPlan } from "../../../src/reconcile/render.ts";
import type { ObservedContainer } from "../../../src/observe/snapshot.ts";
import type { Dependency } from "../../../src/spec/project.ts";
import {
  emptySnapshot,
  exited,
  NOW,
  planFor,
  project,
  replica,
  service,
  settledSnapshot,
} from "./fixture.ts";

function on(name: string, changes: Partial<Dependency> = {}): Record<string, Dependency> {
  return { [name]: { condition: "service_started", restart: false, required: true, ...changes } };
}

function healthy(status: "starting" | "healthy" | "unhealthy"): Partial<ObservedContainer> {
  return { health: { status, failingStreak: 0, log: [], countedAt: NOW, changedAt: NOW } };
}

describe("services that depend on others", () => {
  test("start after them, and what is independent starts at once", () => {
    const wanted = project({
      app: service({ dependsOn: { ...on("web"), ...on("zoo") } }),
      web: service({ dependsOn: on("zoo") }),
      zoo: service(),
      alone: service(),
    });
    const { steps, later } = planFor(wanted, emptySnapshot());
    const starts = steps.filter(({ action }) => action.kind === "create");
    expect(starts.map(({ key }) => key)).toEqual([
      "create alone.1",
      "create zoo.1",
      "create web.1",
      "create app.1",
    ]);
    const after = Object.fromEntries(
      starts.map((step) => [step.key, step.after.filter((key) => key.startsWith("create "))]),
    );
    expect(after["create app.1"]).toEqual(expect.arrayContaining(["create web.1", "create zoo.1"]));
    expect(after["create alone.1"]).toEqual([]);
    expect(later).toEqual([]);
  });

  test("wait until they are healthy, and so does what depends on these", () => {
    const wanted = project({
      app: service({ dependsOn: on("web") }),
      db: service(),
      web: service({ dependsOn: on("db", { condition: "service_healthy" }) }),
    });
    const lines = renderPlan(planFor(wanted, emptySnapshot())).split("\n");
    expect(lines).toContain("+ web.1  create  not there, once db is healthy");
    expect(lines).toContain("+ app.1  create  not there, once web has started");

    const containers = (state: Partial<ObservedContainer>) => [replica(wanted, "db", 1, state)];
    const waiting = planFor(wanted, settledSnapshot(wanted, { containers: containers(healthy("starting")) }));
    expect(waiting.steps).toEqual([]);
    expect(waiting.later.map(({ step }) => step.key)).toEqual(["create app.1", "create web.1"]);

    const ready = planFor(wanted, settledSnapshot(wanted, { containers: containers(healthy("healthy")) }));
    expect(ready.later).toEqual([]);
    expect(ready.steps.map(({ key }) => key)).toEqual(["create web.1", "create app.1"]);
  });

  test("wait until a job has done its work", () => {
    const wanted = project({
      migrate: service(),
      web: service({ dependsOn: on("migrate", { condition: "service_completed_successfully" }) }),
    });
    const seen = (state: Partial<ObservedContainer>) =>
      planFor(wanted, settledSnapshot(wanted, { containers: [replica(wanted, "migrate", 1, state)] }));
    expect(seen({}).later.map(({ until }) => until)).toEqual(["migrate has done its work"]);
    expect(seen(exited(1)).later).toHaveLength(1);
    expect(seen(exited(0)).steps.map(({ key }) => key)).toEqual(["create web.1"]);
  });

  test("go on without one that failed, where it is not required", () => {
    const wanted = project({
      cache: service(),
      web: service({ dependsOn: on("cache", { condition: "service_healthy", required: false }) }),
    });
    const containers = [replica(wanted, "cache", 1, healthy("unhealthy"))];
    expect(planFor(wanted, settledSnapshot(wanted, { containers })).steps.map(({ key }) => key)).toEqual([
      "create web.1",
    ]);
  });

  test("that run are left alone when what they depend on is ill", () => {
    const wanted = project({
      db: service(),
      web: service({ dependsOn: on("db", { condition: "service_healthy" }) }),
    });
    const containers = [replica(wanted, "db", 1, healthy("unhealthy")), replica(wanted, "web", 1)];
    expect(renderPlan(planFor(wanted, settledSnapshot(wanted, { containers })))).toBe("nothing to do");
  });

  test("with restart: true start anew once what they depend on was replaced", () => {
    const wanted = project({
      db: service(),
      web: service({ dependsOn: on("db", { restart: true }) }),
    });
    const containers = [replica(wanted, "db", 1, { createdAt: NOW - 10 }), replica(wanted, "web", 1)];
    expect(renderPlan(planFor(wanted, settledSnapshot(wanted, { containers }))).split("\n")[0]).toBe(
      "~ web.1  restart  db was replaced (depends_on: restart)",
    );
    const fresh = [
      replica(wanted, "db", 1, { createdAt: NOW - 10 }),
      replica(wanted, "web", 1, { startedAt: NOW - 5 }),
    ];
    expect(renderPlan(planFor(wanted, settledSnapshot(wanted, { containers: fresh })))).toBe("nothing to do");
  });

  test("are taken down before what they depend on", () => {
    const wanted = project({
      a: service(),
      b: service({ dependsOn: on("a") }),
      c: service({ dependsOn: on("b") }),
    });
    const gone = planFor(project({}), settledSnapshot(wanted));
    expect(gone.steps.filter(({ action }) => action.kind === "remove").map(({ key }) => key)).toEqual([
      "remove c.1",
      "remove b.1",
      "remove a.1",
    ]);
    expect(gone.steps.find(({ key }) => key === "remove a.1")?.after).toContain("remove b.1");
  });
});
