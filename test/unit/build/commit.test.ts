import { describe, expect, test } from "vitest";
import { applyChange } from "../../../src/build/change.ts";
import { committedConfiguration } from "../../../src/build/commit.ts";

const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;

describe("a change in a Dockerfile's words", () => {
  test.each([
    ["CMD echo hi", {}, { Cmd: ["/bin/sh", "-c", "echo hi"] }],
    ['cmd ["echo", "hi"]', {}, { Cmd: ["echo", "hi"] }],
    ['ENTRYPOINT ["run"]', { Cmd: ["old"] }, { Entrypoint: ["run"], Cmd: undefined }],
    [
      `ENV A=1 B="two words" C=a\\ b`,
      { Env: ["B=0", "K=v"] },
      { Env: ["B=two words", "K=v", "A=1", "C=a b"] },
    ],
    ["ENV NAME the rest", {}, { Env: ["NAME=the rest"] }],
    [
      "EXPOSE 80 53/UDP",
      { ExposedPorts: { "22/tcp": {} } },
      { ExposedPorts: { "22/tcp": {}, "80/tcp": {}, "53/udp": {} } },
    ],
    ["LABEL a=b", { Labels: { c: "d" } }, { Labels: { c: "d", a: "b" } }],
    ["ONBUILD RUN x", {}, { OnBuild: ["RUN x"] }],
    ["STOPSIGNAL SIGINT", {}, { StopSignal: "SIGINT" }],
    ["USER ann:staff", {}, { User: "ann:staff" }],
    ['VOLUME ["/a b"]', {}, { Volumes: { "/a b": {} } }],
    ["WORKDIR below", { WorkingDir: "/srv" }, { WorkingDir: "/srv/below" }],
    ["HEALTHCHECK NONE", {}, { Healthcheck: { Test: ["NONE"] } }],
    [
      "HEALTHCHECK --interval=1m30s --retries=2 CMD true",
      {},
      { Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 90e9, Retries: 2 } },
    ],
  ])("%s", (instruction, before, after) => {
    expect(applyChange(before, instruction)).toEqual({ ...before, ...after });
  });

  test.each(["RUN x", "", "ENV A", 'LABEL a="b', "EXPOSE 99999", "HEALTHCHECK soon", "ENV =x"])(
    "%j makes no sense",
    (instruction) => {
      expect(() => applyChange({}, instruction)).toThrow(/change/);
    },
  );
});

test("a commit keeps what its parent says, and every layer has its step", () => {
  const parent = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    "moby.x": 1,
    config: { Cmd: ["sh"], Hostname: "kept" },
    rootfs: { type: "layers", diff_ids: [A] },
    history: [{ created_by: "ENV X", empty_layer: true }],
  });
  const text = committedConfiguration(parent, {
    diffId: B,
    createdAt: 0,
    createdBy: "sleep 1",
    author: "Ann",
    config: { User: "ann" },
    changes: ["CMD echo"],
  });
  expect(JSON.parse(text)).toEqual({
    architecture: "amd64",
    os: "linux",
    "moby.x": 1,
    created: "1970-01-01T00:00:00.000Z",
    author: "Ann",
    config: { Cmd: ["/bin/sh", "-c", "echo"], Hostname: "kept", User: "ann" },
    rootfs: { type: "layers", diff_ids: [A, B] },
    history: [
      { created_by: "ENV X", empty_layer: true },
      { created_by: "" },
      { created: "1970-01-01T00:00:00.000Z", created_by: "sleep 1", author: "Ann" },
    ],
  });
});
