import { describe, expect, test } from "vitest";
import type { Service } from "../../../src/spec/project.ts";
import {
  exited,
  linesFor,
  planFor,
  project,
  replica,
  replicas,
  service,
  settledSnapshot,
} from "./fixture.ts";

/** The lines of the plan that leads from one definition of the service `web` to another. */
function change(before: Partial<Service>, after: Partial<Service>): string[] {
  return linesFor(
    project({ web: service(after) }),
    settledSnapshot(project({ web: service(before) }), { images: IMAGES }),
  );
}

const IMAGES = { "web:1": "sha256:1", "web:2": "sha256:2", "db:1": "sha256:3", "web@sha256:4": "sha256:4" };

/** Like `change`, with the image's id the same before and after. */
function changeOf(before: Partial<Service>, after: Partial<Service>): string {
  const lines = linesFor(
    project({ web: service(after) }),
    settledSnapshot(project({ web: service(before) })),
  );
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
}

const writable = { type: "volume", source: "shop_data", target: "/data", readOnly: false } as const;

describe("changes that a running container takes on", () => {
  test.each<[Partial<Service>, Partial<Service>, string]>([
    [
      { limits: { memoryBytes: 64 * 2 ** 20 } },
      { limits: { memoryBytes: 128 * 2 ** 20 } },
      "memory 64M -> 128M",
    ],
    [{ limits: { nanocpus: 5e8 } }, { limits: {} }, "cpus 0.5 -> none"],
    [{}, { limits: { pids: 100 } }, "pids none -> 100"],
    [{}, { restart: { name: "on-failure", maxRetries: 3 } }, "restart no -> on-failure:3"],
    [{ stopSignal: "SIGINT" }, {}, "stop signal SIGINT -> default"],
    [{}, { stopGraceMs: 1_500 }, "stop grace period 10s -> 1.5s"],
    [{ labels: { a: "1" } }, { labels: { a: "2", b: "" } }, "labels changed (a, b)"],
    [{}, { labels: { a: "1" }, limits: { pids: 9 } }, "pids none -> 9, labels changed (a)"],
  ])("%j to %j", (before, after, words) => {
    expect(changeOf(before, after)).toBe(`~ web.1  update in place  ${words}`);
  });
});

describe("changes that need a new container", () => {
  test.each<[Partial<Service>, Partial<Service>, string]>([
    [{}, { image: "web:2" }, "image web:1 -> 2"],
    [{}, { image: "db:1" }, "image web:1 -> db:1"],
    [{}, { command: ["sleep", "1"] }, "command changed"],
    [{ command: [] }, {}, "command changed"],
    [{}, { entrypoint: ["/init"] }, "entrypoint changed"],
    [
      { environment: { A: "1", B: "2" } },
      { environment: { A: "1", B: "secret" } },
      "environment changed (B)",
    ],
    [{}, { environment: { A: "", B: "", C: "", D: "", E: "" } }, "environment changed (A, B, C and 2 more)"],
    [{}, { workingDir: "/srv" }, "working directory default -> /srv"],
    [{ user: "root" }, { user: "1000:1000" }, "user root -> 1000:1000"],
    [{}, { hostname: "box" }, "hostname default -> box"],
    [{}, { mounts: [{ type: "tmpfs", target: "/tmp" }] }, "volumes changed"],
    [{}, { init: true }, "init off -> on"],
    [{}, { image: "web:2", limits: { pids: 9 } }, "image web:1 -> 2, pids none -> 9"],
  ])("%j to %j", (before, after, words) => {
    expect(changeOf(before, after)).toBe(`-/+ web.1  replace (start-first, no downtime)  ${words}`);
  });

  test("an image whose name now stands for another one", () => {
    const before = project({ web: service() });
    const old = replica(before, "web", 1, { imageId: `sha256:${"1".repeat(64)}` });
    const images = { "web:1": `sha256:${"5".repeat(64)}` };
    expect(linesFor(before, settledSnapshot(before, { containers: [old], images }))).toEqual([
      "-/+ web.1  replace (start-first, no downtime)  image web:1 changed (sha256:111111111111… -> sha256:555555555555…)",
    ]);
  });

  test("an image by digest, and one of a registry with a port", () => {
    expect(change({ image: "web:1" }, { image: "web@sha256:4" })[0]).toContain("image web:1 -> web@sha256:4");
    expect(change({ image: "host:5000/web" }, { image: "web:2" })[0]).toContain(
      "image host:5000/web -> web:2",
    );
  });

  test("an image of the same content under another name is no change", () => {
    const before = project({ web: service({ image: "web:1" }) });
    const after = project({ web: service({ image: "web:2" }) });
    const [container] = replicas(before);
    const images = { "web:2": container?.imageId ?? "" };
    expect(linesFor(after, settledSnapshot(before, { images }))).toEqual([]);
  });
});

describe("what is no change", () => {
  test.each<[string, Partial<Service>, Partial<Service>]>([
    ["the order of environment", { environment: { A: "1", B: "2" } }, { environment: { B: "2", A: "1" } }],
    [
      "the order of mounts",
      { mounts: [writable, { type: "tmpfs", target: "/tmp" }] },
      { mounts: [{ type: "tmpfs", target: "/tmp" }, writable] },
    ],
    [
      "who makes a bind's source",
      { mounts: [{ type: "bind", source: "/a", target: "/b", readOnly: true, createSource: true }] },
      { mounts: [{ type: "bind", source: "/a", target: "/b", readOnly: true, createSource: false }] },
    ],
  ])("%s", (_, before, after) => {
    expect(change({ ...before, image: "web:x" }, { ...after, image: "web:x" })).toEqual([]);
  });
});

describe("the order of a replacement", () => {
  test.each<[string, Service["mounts"], string]>([
    ["a writable named volume", [writable], "replace (stop-first)"],
    ["a named volume to read from", [{ ...writable, readOnly: true }], "replace (start-first, no downtime)"],
    [
      "an anonymous volume",
      [{ type: "volume", target: "/data", readOnly: false }],
      "replace (start-first, no downtime)",
    ],
    [
      "a writable bind",
      [{ type: "bind", source: "/a", target: "/b", readOnly: false, createSource: false }],
      "replace (stop-first)",
    ],
    ["a tmpfs", [{ type: "tmpfs", target: "/tmp" }], "replace (start-first, no downtime)"],
  ])("with %s", (_, mounts, words) => {
    expect(changeOf({ mounts }, { mounts, image: "web:2" })).toContain(words);
  });

  test("stops first while the old container still writes where the new one does not", () => {
    expect(changeOf({ mounts: [writable] }, { mounts: [] })).toContain("replace (stop-first)");
  });

  test("one replica after another within a service, services side by side, the dead first", () => {
    const before = project({ a: service({ replicas: 3 }), b: service({ replicas: 1 }) });
    const after = project({
      a: service({ replicas: 3, image: "web:2" }),
      b: service({ replicas: 1, image: "web:2" }),
    });
    const containers = replicas(before).map((item) =>
      item.owner?.service === "a" && item.owner.number === 3 ? { ...item, ...exited(1) } : item,
    );
    const { steps } = planFor(after, settledSnapshot(before, { containers }));
    expect(steps.map((step) => [step.key, ...step.after])).toEqual([
      ["replace a.3"],
      ["replace a.1", "replace a.3"],
      ["replace a.2", "replace a.1"],
      ["replace b.1"],
    ]);
    expect(steps[0]?.action).toMatchObject({ kind: "replace", order: "stop-first" });
  });
});

describe("a change to a container that is dead", () => {
  test("is a reason to try again at once, though the policy had given up", () => {
    const before = project({ web: service() });
    const after = project({ web: service({ image: "web:2" }) });
    const dead = settledSnapshot(before, { containers: [replica(before, "web", 1, exited(1))] });
    expect(linesFor(after, dead)).toEqual(["-/+ web.1  replace (stop-first)  image web:1 -> 2"]);
  });

  test("a limit that is raised is put in place, and then it is started afresh", () => {
    const before = project({ web: service({ limits: { memoryBytes: 2 ** 20 } }) });
    const after = project({ web: service({ limits: { memoryBytes: 2 ** 30 } }) });
    const killed = replica(before, "web", 1, { ...exited(137), oomKilled: true, failures: 7 });
    const { steps } = planFor(after, settledSnapshot(before, { containers: [killed] }));
    expect(steps.map((step) => [step.key, step.cause, ...step.after])).toEqual([
      ["update web.1", "memory 1M -> 1G"],
      ["start web.1", "tried again: memory 1M -> 1G", "update web.1"],
    ]);
    expect(steps[1]?.action).toMatchObject({ kind: "start", failures: 0 });
  });

  test("a container that was never started takes the change on and is started", () => {
    const before = project({ web: service() });
    const after = project({ web: service({ labels: { a: "1" } }) });
    const made = settledSnapshot(before, { containers: [replica(before, "web", 1, { state: "created" })] });
    expect(planFor(after, made).steps.map((step) => step.key)).toEqual(["update web.1", "start web.1"]);
  });

  test("a job that ended well is not run again for a new label", () => {
    const before = project({ web: service() });
    const after = project({ web: service({ labels: { a: "1" } }) });
    const done = settledSnapshot(before, { containers: [replica(before, "web", 1, exited(0))] });
    expect(linesFor(after, done)).toEqual(["~ web.1  update in place  labels changed (a)"]);
  });
});

test("an update carries the whole new configuration, and the image the container has", () => {
  const before = project({ web: service() });
  const after = project({ web: service({ limits: { pids: 5 } }) });
  const [container] = replicas(before);
  const [step] = planFor(after, settledSnapshot(before)).steps;
  expect(step?.action).toMatchObject({
    kind: "update",
    id: container?.id,
    fields: ["limits.pids"],
    config: { limits: { pids: 5 }, labels: { "com.docker.compose.container-number": "1" } },
    fingerprint: {
      image: container?.imageId,
      "limits.pids": expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    },
  });
});
