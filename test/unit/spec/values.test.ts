import { describe, expect, test } from "vitest";
import { readDuration } from "../../../src/spec/duration.ts";
import { projectNameOf } from "../../../src/spec/name.ts";
import { readPorts } from "../../../src/spec/port.ts";
import { readReference } from "../../../src/spec/reference.ts";
import { readSignal } from "../../../src/spec/signal.ts";
import { readBytes } from "../../../src/spec/size.ts";
import { suggest } from "../../../src/spec/suggest.ts";
import { splitWords } from "../../../src/spec/words.ts";

/** Ports as `ip:host->container/protocol`, which is quicker to read than objects. */
function ports(entry: Parameters<typeof readPorts>[0]): string {
  return readPorts(entry)
    .map((port) => `${port.hostIp ?? "*"}:${port.hostPort}->${port.containerPort}/${port.protocol}`)
    .join(" ");
}

describe("a published port reads as", () => {
  test.each([
    [80, "*:0->80/tcp"],
    ["80", "*:0->80/tcp"],
    ["8080:80", "*:8080->80/tcp"],
    ["0:80", "*:0->80/tcp"],
    ["127.0.0.1:8080:80/udp", "127.0.0.1:8080->80/udp"],
    ["[::1]:80:80", "::1:80->80/tcp"],
    ["3000-3002", "*:0->3000/tcp *:0->3001/tcp *:0->3002/tcp"],
    ["3000-3001:4000-4001", "*:3000->4000/tcp *:3001->4001/tcp"],
    [{ target: 80 }, "*:0->80/tcp"],
    [{ target: "80", published: "8080", host_ip: "::", protocol: "udp" as const }, ":::8080->80/udp"],
  ])("%j -> %s", (entry, expected) => {
    expect(ports(entry)).toBe(expected);
  });
});

describe("a published port is refused:", () => {
  test.each([
    ["", 'expected a port such as 80, 8080:80 or 127.0.0.1:8080:80/udp, got ""'],
    [":80", '"" is not a port number or a range of them'],
    ["80:", 'expected a port such as 80, 8080:80 or 127.0.0.1:8080:80/udp, got "80:"'],
    ["1:2:3:4", 'expected a port such as 80, 8080:80 or 127.0.0.1:8080:80/udp, got "1:2:3:4"'],
    ["localhost:80:80", '"localhost" is not an IP address'],
    ["80/sctp", 'the protocol "sctp" is neither tcp nor udp'],
    ["0", "the port 0 is not between 1 and 65535"],
    ["65536:80", "the port 65536 is not between 0 and 65535"],
    ["3005-3000:80", "the range 3005-3000 runs backwards"],
    ["3000-3005:3000-3001", "the ranges differ in length: 6 host ports for 2 container ports"],
    ["3000-3005:80", "choosing one of a range of host ports is not built yet; name a single port"],
  ])("%j", (entry, message) => {
    expect(() => readPorts(entry)).toThrow(expect.objectContaining({ message }) as Error);
  });
});

test.each([
  [1024, 1024],
  ["0", 0],
  ["10b", 10],
  ["64kb", 65_536],
  ["512m", 536_870_912],
  ["1.5GB", 1_610_612_736],
  ["1 GiB", 1_073_741_824],
])("the size %j is %d bytes", (text, expected) => {
  expect(readBytes(text)).toBe(expected);
});

test.each(["", "-1", "1x", "m", "1e3", "1mm", "99999p"])("the size %j is refused", (text) => {
  expect(() => readBytes(text)).toThrow();
});

test.each([
  ["0", 0],
  ["10s", 10_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["500ms", 500],
  ["1500us", 2],
])("the duration %s is %d ms", (text, expected) => {
  expect(readDuration(text)).toBe(expected);
});

test.each(["", "10", "s", "-1s", "1d", "1s ", "999h999h"])("the duration %j is refused", (text) => {
  expect(() => readDuration(text)).toThrow();
});

test.each([
  ["SIGTERM", "SIGTERM"],
  ["term", "SIGTERM"],
  ["15", "SIGTERM"],
  ["6", "SIGABRT"],
  ["RTMIN", "SIGRTMIN"],
  ["34", "SIGRTMIN"],
  ["SIGRTMIN+3", "SIGRTMIN+3"],
  ["SIGRTMAX-2", "SIGRTMIN+28"],
  ["64", "SIGRTMIN+30"],
])("the signal %s is %s", (text, expected) => {
  expect(readSignal(text)).toBe(expected);
});

test.each(["", "0", "32", "65", "SIG", "RTMIN-1", "RTMIN3", "RTMAX+1", "+9", "FOO"])(
  "%j is no signal",
  (text) => {
    expect(() => readSignal(text)).toThrow();
  },
);

test.each([
  ["", []],
  ["  ", []],
  ["a b\tc\nd", ["a", "b", "c", "d"]],
  ["'a b' \"c d\"", ["a b", "c d"]],
  ["a''b \"\" ''", ["ab", "", ""]],
  ["a\\ b \\'", ["a b", "'"]],
  ['"a\\"b" "\\n" \'\\\'', ['a"b', "\\n", "\\"]],
  ["sh -c 'a; b | c && d'", ["sh", "-c", "a; b | c && d"]],
  ["a \\\nb", ["a", "b"]],
])("%j splits into %j", (text, expected) => {
  expect(splitWords(text)).toEqual(expected);
});

test.each([
  "host",
  "nginx:1.27",
  "a/b/c",
  "localhost:5000/a:b",
  "Example.org/a",
  `a@sha256:${"0".repeat(64)}`,
])("%s is an image reference", (text) => {
  expect(readReference(text)).toBe(text);
});

test.each(["", "Nginx", "a b", "a:", "/a", "a//b", "../a", "a@sha256:0", "a".repeat(256)])(
  "%j is no image reference",
  (text) => {
    expect(() => readReference(text)).toThrow();
  },
);

test("a folder's name becomes a project's as Compose does it", () => {
  expect(projectNameOf("/srv/_My Shop.v2")).toBe("myshopv2");
  expect(() => projectNameOf("/")).toThrow('no project name can be made of the folder "/"');
});

test("a suggestion is near, and far words have none", () => {
  expect(suggest("imgae", ["image", "init"])).toBe("image");
  expect(suggest("workingDir", ["working_dir"])).toBe("working_dir");
  expect(suggest("x", ["image"])).toBeUndefined();
  expect(suggest("z".repeat(1000), ["image"])).toBeUndefined();
});
