import { describe, expect, test } from "vitest";
import { Command } from "commander";
import { addRunFlags, type RunFlags } from "../../../src/cli/run/flags.ts";
import { createBody } from "../../../src/cli/run/request.ts";

const FILES: Readonly<Record<string, string>> = { "/work/profile.json": "{}" };
const context = {
  cwd: "/work",
  env: { HERE: "yes" },
  read: (path: string) => FILES[path] ?? "",
  readList: () => ["FROM=file"],
};

/** The body for a command line, as docker's CLI would send it. */
function body(...words: readonly string[]): Readonly<Record<string, unknown>> {
  let made: Readonly<Record<string, unknown>> = {};
  addRunFlags(new Command("run"))
    .option("-d, --detach")
    .exitOverride()
    .argument("<image>")
    .argument("[command...]")
    .passThroughOptions()
    .action((image: string, command: readonly string[], flags: RunFlags) => {
      made = createBody(image, command, flags, context);
    })
    .parse(words, { from: "user" });
  return made;
}

function hostConfig(...words: readonly string[]): object {
  return body(...words, "box")["HostConfig"] as object;
}

test("an image alone asks for nothing else", () => {
  expect(body("box")).toEqual({
    Image: "box",
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: false,
    StdinOnce: false,
    Tty: false,
  });
});

test("flags end at the image: what follows is the command's", () => {
  expect(body("-i", "box", "ls", "-t", "--rm")).toMatchObject({
    Cmd: ["ls", "-t", "--rm"],
    OpenStdin: true,
    StdinOnce: true,
    Tty: false,
  });
});

test("the environment comes from flags, from here, and from files", () => {
  const made = body(
    "-e",
    "A=1",
    "-e",
    "HERE",
    "-e",
    "NOWHERE",
    "--env-file",
    "x",
    "-l",
    "a=b",
    "-l",
    "c",
    "box",
  );
  expect(made).toMatchObject({ Env: ["FROM=file", "A=1", "HERE=yes"], Labels: { a: "b", c: "" } });
});

describe("host configuration", () => {
  test.each<[string, readonly string[], object]>([
    [
      "ports",
      ["-p", "8080:80", "-p", "127.0.0.1::53/udp", "-P"],
      {
        PortBindings: {
          "80/tcp": [{ HostIp: "", HostPort: "8080" }],
          "53/udp": [{ HostIp: "127.0.0.1", HostPort: "" }],
        },
        PublishAllPorts: true,
      },
    ],
    ["mounts of folders", ["-v", "./a:/b:ro", "-v", "vol:/c"], { Binds: ["/work/a:/b:ro", "vol:/c"] }],
    [
      "mounts in words",
      ["--mount", "type=bind,src=x,dst=/y,ro", "--mount", "target=/v,volume-nocopy"],
      {
        Mounts: [
          { Type: "bind", Source: "/work/x", Target: "/y", ReadOnly: true, BindOptions: {} },
          { Type: "volume", Target: "/v", ReadOnly: false, VolumeOptions: { NoCopy: true } },
        ],
      },
    ],
    [
      "limits",
      ["-m", "64m", "--memory-swap", "-1", "--cpus", "1.5", "--pids-limit", "-1"],
      { Memory: 64 * 2 ** 20, MemorySwap: -1, NanoCpus: 1.5e9, PidsLimit: -1 },
    ],
    [
      "a policy",
      ["--restart", "on-failure:3"],
      { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 } },
    ],
    ["a network by its older name", ["--net", "host"], { NetworkMode: "host" }],
    [
      "a profile as the text it is",
      ["--security-opt", "seccomp=profile.json", "--security-opt", "no-new-privileges"],
      { SecurityOpt: ["seccomp={}", "no-new-privileges"] },
    ],
    [
      "ulimits",
      ["--ulimit", "nofile=10:20", "--ulimit", "core=-1"],
      {
        Ulimits: [
          { Name: "nofile", Soft: 10, Hard: 20 },
          { Name: "core", Soft: -1, Hard: -1 },
        ],
      },
    ],
    [
      "a device",
      ["--device", "/dev/fuse:r"],
      {
        Devices: [{ PathOnHost: "/dev/fuse", PathInContainer: "/dev/fuse", CgroupPermissions: "r" }],
      },
    ],
    [
      "the log",
      ["--log-opt", "max-size=1m"],
      { LogConfig: { Type: "json-file", Config: { "max-size": "1m" } } },
    ],
  ])("%s", (_what, words, expected) => {
    expect(hostConfig(...words)).toEqual(expected);
  });
});

test("a check of its own, or none", () => {
  expect(body("--health-cmd", "true", "--health-interval", "5s", "box")["Healthcheck"]).toEqual({
    Test: ["CMD-SHELL", "true"],
    Interval: 5e9,
  });
  expect(body("--no-healthcheck", "box")["Healthcheck"]).toEqual({ Test: ["NONE"] });
});

test("aliases and addresses belong to the first network", () => {
  expect(
    body("--network", "n", "--network-alias", "a", "--ip", "10.0.0.9", "box")["NetworkingConfig"],
  ).toEqual({
    EndpointsConfig: { n: { Aliases: ["a"], IPAMConfig: { IPv4Address: "10.0.0.9" } } },
  });
});

test.each([
  [["-m", "lots"], "--memory: "],
  [["--cpus", "x"], "--cpus: "],
  [["-p", "a:b:c:d"], "--publish: "],
  [["--ulimit", "nofile"], "--ulimit: "],
  [["--mount", "type=bind"], "names no target"],
  [["--mount", "target=/a,nonsense"], "there is no nonsense"],
  [["-a", "stdnone"], "--attach: "],
])("%j is refused with the flag's name", (words, message) => {
  expect(() => body(...words, "box")).toThrow(message);
});
