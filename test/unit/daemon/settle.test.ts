import { expect, test } from "vitest";
import { settled } from "../../../src/daemon/settle.ts";
import type { ObservedContainer } from "../../../src/observe/snapshot.ts";
import type { Project, RestartPolicy } from "../../../src/spec/project.ts";

const NOW = 1_000_000;

function project(
  replicas: number,
  restart: RestartPolicy["name"] = "no",
  limit: Pick<RestartPolicy, "maxRetries"> = {},
): Project {
  const web = {
    image: "host",
    environment: {},
    ports: [],
    mounts: [],
    replicas,
    limits: {},
    restart: { name: restart, ...limit },
    stopGraceMs: 10_000,
    labels: {},
    init: false,
  };
  return { name: "shop", services: { web }, volumes: {}, images: {}, workingFolder: "/", files: [] };
}

function replica(number: number, more: Partial<ObservedContainer>): ObservedContainer {
  return {
    id: `${number}`.padStart(64, "0"),
    name: `shop-web-${number}`,
    owner: { project: "shop", service: "web", number },
    config: {
      image: "host",
      environment: {},
      mounts: [],
      limits: {},
      restart: { name: "no" },
      stopGraceMs: 10_000,
      labels: {},
      init: false,
    },
    imageId: "host",
    fingerprint: {},
    createdAt: 0,
    stoppedByUser: false,
    failures: 0,
    state: "running",
    startedAt: NOW - 60_000,
    oomKilled: false,
    ...more,
  };
}

function judge(wanted: Project, containers: readonly ObservedContainer[]) {
  return settled({ project: wanted, replicas: {}, stopped: [] }, containers, NOW);
}

test("replicas that run steadily are what was waited for", () => {
  expect(judge(project(2), [replica(1, {}), replica(2, {})])).toEqual({ state: "yes" });
});

test("a replica that is missing, or has only just started, is waited for", () => {
  expect(judge(project(2), [replica(1, {})])).toEqual({ state: "no", waitingFor: "web.2" });
  expect(judge(project(1), [replica(1, { startedAt: NOW - 5 })])).toEqual({
    state: "no",
    waitingFor: "web.1",
  });
});

test("a replica that failed before has to run longer", () => {
  const young = replica(1, { startedAt: NOW - 500, failures: 1 });
  expect(judge(project(1, "always"), [young])).toMatchObject({ state: "no" });
  expect(judge(project(1, "always"), [{ ...young, startedAt: NOW - 5000 }])).toMatchObject({ state: "yes" });
});

test("a job that ended well is done, unless it is to be restarted", () => {
  const done = replica(1, { state: "exited", exitCode: 0 });
  expect(judge(project(1, "no"), [done])).toEqual({ state: "yes" });
  expect(judge(project(1, "on-failure"), [done])).toEqual({ state: "yes" });
  expect(judge(project(1, "unless-stopped"), [done])).toMatchObject({ state: "no" });
});

test("a replica that nobody restarts, or that failed three times, will never come up", () => {
  const failed = replica(1, { state: "exited", exitCode: 7 });
  expect(judge(project(1), [failed])).toEqual({
    state: "never",
    service: "web",
    message: "web.1 exited with status 7",
  });
  expect(judge(project(1, "always"), [{ ...failed, failures: 2 }])).toMatchObject({ state: "no" });
  expect(judge(project(1, "always"), [{ ...failed, failures: 3, oomKilled: true }])).toMatchObject({
    message: "web.1 was killed: out of memory",
  });
});

test("one whose attempts are used up never comes, however few they were", () => {
  const failed = replica(1, { state: "exited", exitCode: 7, failures: 1 });
  expect(judge(project(1, "on-failure"), [failed])).toMatchObject({ state: "no" });
  expect(judge(project(1, "on-failure", { maxRetries: 1 }), [failed])).toEqual({
    state: "never",
    service: "web",
    message: "web.1 exited with status 7",
  });
});
