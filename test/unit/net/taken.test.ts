import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { parseSockets, takenPorts } from "../../../src/net/taken.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const REST = "00000000:00000000 00:00000000 00000000     0        0 6 1 0 100 0 0 10 0\n";

test("of TCP only sockets that listen take a port", () => {
  const text = `${HEAD}   0: 0100007F:1F90 00000000:0000 0A ${REST}   1: 0100007F:1F91 0100007F:C350 01 ${REST}`;
  expect(parseSockets(text, "tcp")).toEqual([{ protocol: "tcp", address: "127.0.0.1", port: 8080 }]);
});

test("of UDP only sockets that are not connected do", () => {
  const text = `${HEAD}   0: 00000000:0035 00000000:0000 07 ${REST}   1: 0100007F:0036 0100007F:C350 01 ${REST}`;
  expect(parseSockets(text, "udp")).toEqual([{ protocol: "udp", address: "0.0.0.0", port: 53 }]);
});

test("IPv6 addresses are printed as people write them", () => {
  const any = `   0: ${"0".repeat(32)}:0050 ${"0".repeat(32)}:0000 0A ${REST}`;
  const one = `   1: B80D012000000000000000000100000A:0051 ${"0".repeat(32)}:0000 0A ${REST}`;
  expect(parseSockets(HEAD + any + one, "tcp").map(({ address }) => address)).toEqual([
    "::",
    "2001:db8::a00:1",
  ]);
});

test("lines that are something else are no sockets", () => {
  expect(parseSockets("", "tcp")).toEqual([]);
  expect(parseSockets("garbage\n0: 0:0 0A\n   0: 0100007F:1F9 x 0A 1\n", "tcp")).toEqual([]);
});

test("a server of this machine is seen, and left out when it is one's own", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const seen = { protocol: "tcp", address: "127.0.0.1", port };
    expect(await takenPorts([])).toContainEqual(seen);
    const own = { project: "shop", service: "web", hostIp: "127.0.0.1", containerPort: 80, hostPort: port };
    expect(await takenPorts([{ ...own, protocol: "tcp" }])).not.toContainEqual(seen);
    expect(await takenPorts([{ ...own, protocol: "udp" }])).toContainEqual(seen);
  } finally {
    server.close();
  }
});
