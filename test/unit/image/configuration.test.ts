import { describe, expect, it } from "vitest";
import { formatConfiguration, parseConfiguration } from "../../../src/image/configuration.ts";

const DIFF_ID = `sha256:${"b".repeat(64)}`;
const FULL = {
  createdAt: 1_700_000_000_000,
  diffIds: [DIFF_ID],
  config: {
    entrypoint: ["/init"],
    cmd: ["serve"],
    env: ["PATH=/bin"],
    workingDir: "/srv",
    user: "1000",
    stopSignal: "SIGINT",
    labels: { b: "2", a: "1" },
    exposedPorts: ["443/tcp", "80/tcp"],
    volumes: ["/data", "/var/lib"],
    healthcheck: { test: ["CMD-SHELL", "true"], intervalMs: 30_000, timeoutMs: 0.5, retries: 3 },
    shell: ["/bin/bash", "-c"],
    onBuild: ["COPY . /src"],
    stopTimeoutMs: 5000,
  },
};

describe("an image configuration", () => {
  it("reads back as it was written", () => {
    expect(parseConfiguration(formatConfiguration(FULL, "x64"))).toEqual(FULL);
  });

  it("uses the names of OCI and of Go's architectures", () => {
    expect(JSON.parse(formatConfiguration(FULL, "x64"))).toMatchObject({
      architecture: "amd64",
      os: "linux",
      config: { Entrypoint: ["/init"], ExposedPorts: { "80/tcp": {} }, Labels: { a: "1" } },
      rootfs: { type: "layers", diff_ids: [DIFF_ID] },
    });
    expect(JSON.parse(formatConfiguration(FULL, "arm64"))).toMatchObject({ architecture: "arm64" });
  });

  it("is the same text whatever order labels and ports came in", () => {
    const config = { ...FULL.config, labels: { a: "1", b: "2" }, exposedPorts: ["80/tcp", "443/tcp"] };
    expect(formatConfiguration({ ...FULL, config }, "x64")).toBe(formatConfiguration(FULL, "x64"));
  });

  it("may leave everything out but the layers, or say null as docker does", () => {
    const bare = { createdAt: 0, diffIds: [], config: { labels: {}, exposedPorts: [] } };
    expect(parseConfiguration('{"rootfs":{}}')).toEqual(bare);
    expect(
      parseConfiguration(
        '{"rootfs":{"diff_ids":null},"config":{"Cmd":null,"Labels":null,"User":"","WorkingDir":""}}',
      ),
    ).toEqual(bare);
  });

  it.each([
    ["not json", "not JSON"],
    ["[]", "it is not an object"],
    ["{}", "rootfs is not an object"],
    ['{"rootfs":{"diff_ids":["sha256:../../etc"]}}', "rootfs.diff_ids is not a sha256 digest"],
    ['{"rootfs":{"diff_ids":"x"}}', "not a list of strings"],
    ['{"rootfs":{},"config":{"Healthcheck":{"Interval":-1}}}', "Healthcheck.Interval is not a whole number"],
    ['{"rootfs":{},"config":{"Cmd":"sh"}}', "config.Cmd is not a list of strings"],
    ['{"rootfs":{},"config":{"Env":[1]}}', "config.Env is not a string"],
    ['{"rootfs":{},"config":{"User":"a\\u0000b"}}', "config.User is not a string"],
    ['{"rootfs":{},"config":{"Labels":{"a":1}}}', "config.Labels.a is not a string"],
  ])("%s is refused", (text, words) => {
    expect(() => parseConfiguration(text)).toThrow(expect.objectContaining({ code: "image.invalid" }));
    expect(() => parseConfiguration(text)).toThrow(words);
  });
});
