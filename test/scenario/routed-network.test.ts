import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayOf } from "../../src/net/allocate.ts";
import { formatAddress, parseSubnet } from "../../src/net/ipv4.ts";
import { containerLink, linkIndex, removeLink } from "../../src/net/netlink/container-link.ts";
import { gatewayAddress } from "../../src/net/netlink/route.ts";
import { addNetworkRules, deleteNetworkRules } from "../../src/net/netlink/rule.ts";
import { until } from "./proxy.fixture.ts";

/** Sends what it gets in hexadecimal in one go, prints the error numbers of the acknowledgements. */
const NETLINK = `
import socket, struct, sys
data = bytes.fromhex(sys.argv[1])
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.settimeout(5)
expected, offset = 0, 0
while offset < len(data):
    offset += (struct.unpack_from("<I", data, offset)[0] + 3) & ~3
    expected += 1
s.send(data)
errors = []
while len(errors) < expected:
    answer = s.recv(65536)
    offset = 0
    while offset < len(answer):
        length, kind = struct.unpack_from("<IH", answer, offset)
        if kind == 2: errors.append(-struct.unpack_from("<i", answer, offset + 16)[0])
        offset += (length + 3) & ~3
print(*errors)
`;
/** Tells every client who it is, and which address the client came from. */
const SERVE = `
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 80))
s.listen(64)
print("ready", flush=True)
while True:
    client, peer = s.accept()
    client.sendall(f"{sys.argv[1]} sees {peer[0]}".encode())
    client.close()
`;
/** Prints where each datagram came from. */
const RECEIVE = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 9))
print("ready", flush=True)
while True: print(s.recvfrom(100)[1][0], flush=True)
`;
const SEND = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[2], 0))
s.sendto(b"x", (sys.argv[1], 9))
`;
const ASK = `
import errno, socket, sys
s = socket.socket()
s.settimeout(1)
try:
    s.connect((sys.argv[1], 80))
    print(s.recv(100).decode())
except TimeoutError: print("ETIMEDOUT")
except OSError as error: print(errno.errorcode[error.errno])
`;

const running: ChildProcess[] = [];
afterAll(() => running.forEach((child) => child.kill("SIGKILL")));

/** A network namespace of the test's own, alive as long as its process. */
async function namespace(): Promise<number> {
  const child = spawn("unshare", ["--net", "sleep", "300"], { stdio: "ignore" });
  running.push(child);
  const own = readlinkSync("/proc/self/ns/net");
  await until("the namespace is there", () => readlinkSync(`/proc/${child.pid}/ns/net`) !== own);
  return child.pid!;
}

function within(pid: number, program: string, ...args: readonly string[]): string {
  return execFileSync("nsenter", ["--net", "--target", `${pid}`, program, ...args], {
    encoding: "utf8",
  }).trim();
}

function talk(pid: number, messages: Uint8Array): string {
  return within(pid, "python3", "-c", NETLINK, Buffer.from(messages).toString("hex"));
}

function ask(pid: number, address: string): string {
  return within(pid, "python3", "-c", ASK, address);
}

/** Starts a Python program in a namespace, waits for its first line, hands the later ones on. */
async function start(
  pid: number,
  script: string,
  onLine: (line: string) => void,
  ...args: readonly string[]
) {
  const child = spawn("nsenter", ["--net", "--target", `${pid}`, "python3", "-c", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  const lines = createInterface(child.stdout);
  await once(lines, "line");
  lines.on("line", onLine);
}

const shop = parseSubnet("10.208.0.0/20");
const blog = parseSubnet("10.208.16.0/20");
const containers = {
  web: { subnet: shop, address: "10.208.0.2", host: { hostName: "gt-web", hostIndex: linkIndex() } },
  cache: { subnet: shop, address: "10.208.15.254", host: { hostName: "gt-cache", hostIndex: linkIndex() } },
  gone: { subnet: shop, address: "10.208.0.4", host: { hostName: "gt-gone", hostIndex: linkIndex() } },
  press: { subnet: blog, address: "10.208.16.2", host: { hostName: "gt-press", hostIndex: linkIndex() } },
};
type Name = keyof typeof containers;
const pids = {} as Record<Name | "host", number>;

beforeAll(async () => {
  pids.host = await namespace();
  within(pids.host, "ip", "link", "set", "lo", "up");
  within(pids.host, "sysctl", "-qw", "net.ipv4.ip_forward=0");
  await start(pids.host, SERVE, () => undefined, "host");
  for (const subnet of [shop, blog]) {
    expect(talk(pids.host, addNetworkRules(subnet))).toBe("0 0");
    expect(talk(pids.host, gatewayAddress("add", gatewayOf(subnet)))).toBe("0");
  }
  for (const name of Object.keys(containers) as Name[]) {
    const { subnet, address, host } = containers[name];
    pids[name] = await namespace();
    const link = containerLink({ ...host, address, gateway: formatAddress(gatewayOf(subnet)) });
    new DataView(link.host.messages.buffer).setUint32(link.host.pidOffset, pids[name], true);
    expect(talk(pids.host, link.host.messages), `host's end of ${name}`).toBe("0 0 0 0");
    expect(talk(pids[name], link.container), `${name}'s end`).toBe("0 0 0 0 0 0");
    await start(pids[name], SERVE, () => undefined, name);
  }
});

describe("a routed network", () => {
  test("the host reaches every container, as the gateway of its network", () => {
    expect(ask(pids.host, "10.208.0.2")).toBe("web sees 10.208.0.1");
    expect(ask(pids.host, "10.208.15.254")).toBe("cache sees 10.208.0.1");
    expect(ask(pids.host, "10.208.16.2")).toBe("press sees 10.208.16.1");
  });

  test("a container reaches the host at its gateway, and itself", () => {
    expect(ask(pids.web, "10.208.0.1")).toBe("host sees 10.208.0.2");
    expect(ask(pids.web, "10.208.0.2")).toBe("web sees 10.208.0.2");
    expect(ask(pids.web, "127.0.0.1")).toBe("web sees 127.0.0.1");
  });

  test("containers of one project reach each other, though the host does not forward", () => {
    expect(within(pids.host, "sysctl", "-n", "net.ipv4.ip_forward")).toBe("0");
    expect(ask(pids.web, "10.208.15.254")).toBe("cache sees 10.208.0.2");
    expect(ask(pids.cache, "10.208.0.2")).toBe("web sees 10.208.15.254");
  });

  test("containers of different projects do not, nor does one reach the other's gateway", () => {
    expect(ask(pids.web, "10.208.16.2")).toMatch(/^E(NETUNREACH|HOSTUNREACH)$/);
    expect(ask(pids.press, "10.208.0.2")).toMatch(/^E(NETUNREACH|HOSTUNREACH)$/);
    expect(ask(pids.web, "10.208.16.1")).toBe("ETIMEDOUT");
  });

  test("what a container sends from an address that is not its own never arrives", async () => {
    const arrived: string[] = [];
    await start(pids.web, RECEIVE, (line) => arrived.push(line));
    for (const stolen of ["10.208.15.254", "10.208.0.9", "10.208.16.2"]) {
      within(pids.gone, "ip", "address", "add", `${stolen}/32`, "dev", "eth0");
      within(pids.gone, "python3", "-c", SEND, "10.208.0.2", stolen);
    }
    within(pids.gone, "python3", "-c", SEND, "10.208.0.2", "10.208.0.4");
    await until("what it sends from its own address arrives", () => arrived.length > 0);
    expect(arrived).toEqual(["10.208.0.4"]);
  });

  test("nobody has to ask for a hardware address, and the host's ends have no IPv6", () => {
    const neighbours = within(pids.host, "ip", "neighbour", "show").split("\n");
    expect(neighbours).toHaveLength(4);
    for (const line of neighbours) expect(line).toContain("PERMANENT");
    expect(within(pids.host, "ip", "-6", "address", "show", "dev", "gt-web")).toBe("");
  });

  test("taking one container's link away leaves the others alone", () => {
    expect(talk(pids.host, removeLink(containers.gone.host.hostIndex))).toBe("0");
    expect(ask(pids.host, "10.208.0.2")).toBe("web sees 10.208.0.1");
    expect(ask(pids.web, "10.208.15.254")).toBe("cache sees 10.208.0.2");
    expect(within(pids.host, "ip", "route", "show", "10.208.0.4")).toBe("");
    expect(talk(pids.host, removeLink(containers.gone.host.hostIndex))).toBe("19"); // ENODEV
  });

  test("rules that are there are not made twice, and go one project at a time", () => {
    expect(talk(pids.host, addNetworkRules(shop))).toBe("17 17"); // EEXIST
    expect(talk(pids.host, deleteNetworkRules(blog))).toBe("0 0");
    expect(talk(pids.host, deleteNetworkRules(blog))).toBe("2 2"); // ENOENT
    expect(within(pids.host, "ip", "rule", "show").match(/proto 103/g)).toHaveLength(2);
  });
});
