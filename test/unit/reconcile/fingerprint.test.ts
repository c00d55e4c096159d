import { describe, expect, test } from "vitest";
import type { Service } from "../../../src/spec/project.ts";
import { changedFields, fingerprint, fitsInPlace } from "../../../src/reconcile/fingerprint.ts";
import { fnv1a64, hashValue } from "../../../src/reconcile/hash.ts";
import { replicaConfig } from "../../../src/reconcile/replica.ts";
import { linesFor, project, replica, service, settledSnapshot } from "./fixture.ts";

/** The fingerprint of a service that says this and nothing else. */
function of(changes: Partial<Service>): Record<string, string> {
  return fingerprint(replicaConfig(project({ web: service(changes) }), "web", 1), "x");
}

/** FNV-1a as its authors define it, in arithmetic that needs no cleverness. */
function reference(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) % 2n ** 64n;
  return hash.toString(16).padStart(16, "0");
}

describe("the hash", () => {
  test.each([
    ["", "cbf29ce484222325"],
    ["a", "af63dc4c8601ec8c"],
    ["foobar", "85944171f73967e8"],
    ["\u00e9", reference("\u00e9")],
    ["a key: \u{1f600}", reference("a key: \u{1f600}")],
  ])("of %j is that of its definition", (text, expected) => {
    expect(fnv1a64(text)).toBe(expected);
  });

  test("is the same in whatever order keys come, and undefined is absence", () => {
    expect(hashValue({ a: 1, b: { c: [2], d: null } })).toBe(
      hashValue({ b: { d: null, e: undefined, c: [2] }, a: 1 }),
    );
  });

  test("tells apart what only looks alike", () => {
    const alike = [
      ["a", "b"],
      ["ab"],
      ["a,b"],
      "a",
      ["a"],
      { a: "b" },
      [["a"], "b"],
      null,
      "null",
      1,
      "1",
      ["b", "a"],
    ];
    expect(new Set(alike.map((value) => hashValue(value))).size).toBe(alike.length);
  });
});

describe("the fingerprint", () => {
  test("of a service that says nothing holds the image and nothing else", () => {
    const config = replicaConfig(project({ web: service() }), "web", 1);
    expect(fingerprint(config, "sha256:1")).toEqual({ image: "sha256:1" });
    expect(fingerprint(config, undefined)).toEqual({});
  });

  test("is the same for all replicas of a service", () => {
    const wanted = project({ web: service({ labels: { a: "1" }, command: ["serve"] }) });
    expect(fingerprint(replicaConfig(wanted, "web", 1), "x")).toEqual(
      fingerprint(replicaConfig(wanted, "web", 2), "x"),
    );
  });

  // What protects running containers when gantry learns a field: the old record has no hash for it, and neither has
  // the new target while the file does not use it.
  test("of an older gantry that knew fewer fields recreates nothing", () => {
    const wanted = project({ web: service({ command: ["serve"], environment: { A: "1" } }) });
    const { fingerprint: full, ...container } = replica(wanted, "web", 1);
    expect(Object.keys(full).sort()).toEqual(["command", "environment", "image"]);
    const { init: _init, hostname: _hostname, ...oldConfig } = container.config;
    const old = { ...container, fingerprint: full, config: oldConfig as typeof container.config };
    expect(linesFor(wanted, settledSnapshot(wanted, { containers: [old] }))).toEqual([]);
    expect(fingerprint(old.config, old.imageId)).toEqual(full);
  });

  test("of a newer gantry with fields unknown to this one recreates nothing", () => {
    const wanted = project({ web: service() });
    const container = replica(wanted, "web", 1);
    const newer = { ...container, fingerprint: { ...container.fingerprint, telepathy: "0123456789abcdef" } };
    expect(linesFor(wanted, settledSnapshot(wanted, { containers: [newer] }))).toEqual([]);
  });

  test("says which fields differ", () => {
    expect(changedFields(of({}), of({ user: "me", limits: { pids: 1 } }))).toEqual(["user", "limits.pids"]);
    expect(changedFields(of({ restart: { name: "always" } }), of({}))).toEqual(["restart"]);
  });

  test("a change fits in place only if every part of it does", () => {
    expect(fitsInPlace(["labels", "restart", "stopSignal", "stopGraceMs", "limits.memory"])).toBe(true);
    expect(fitsInPlace(["labels", "user"])).toBe(false);
    expect(fitsInPlace(["image"])).toBe(false);
  });
});

test("asking for a replica of a service that does not exist is a defect", () => {
  expect(() => replicaConfig(project({}), "toString", 1)).toThrow("has no service toString");
});

test("labels that gantry sets win over the user's of the same name", () => {
  const wanted = project({ web: service({ labels: { "com.docker.compose.service": "db", mine: "1" } }) });
  expect(replicaConfig(wanted, "web", 1).labels).toMatchObject({
    "com.docker.compose.service": "web",
    mine: "1",
  });
});
