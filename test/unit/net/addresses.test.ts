import { describe, expect, test } from "vitest";
import { AddressPool, chooseSubnet } from "../../../src/net/allocate.ts";
import { formatSubnet, overlaps, parseAddress, parseSubnet } from "../../../src/net/ipv4.ts";
import { parseRoutes } from "../../../src/net/route-table.ts";

const ROUTES = [
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
  "eth0\t00000000\t01FEA8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
  "eth0\t00FEA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
  "gt-web\t0200D00A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0",
  "tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0",
  "down\t0000100A\t00000000\t0000\t0\t0\t0\t0000FFFF\t0\t0\t0",
  "garbage",
  "",
].join("\n");

describe("addresses", () => {
  test("are dotted decimals and nothing else", () => {
    expect(parseAddress("10.208.0.1")).toBe(0x0ad00001);
    expect(parseAddress("255.255.255.255")).toBe(0xffffffff);
    for (const wrong of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "01.2.3.4",
      "1.2.3.4 ",
      "0x1.2.3.4",
      "::1",
      "1.2.3.-4",
    ])
      expect(() => parseAddress(wrong), wrong).toThrow("is not an IPv4 address");
  });

  test("of a subnet have no bits beyond the prefix", () => {
    expect(parseSubnet("10.208.16.0/20")).toEqual({ base: 0x0ad01000, prefix: 20 });
    for (const wrong of [
      "10.208.16.1/20",
      "10.208.0.0",
      "10.208.0.0/",
      "10.0.0.0/33",
      "10.0.0.0/8/8",
      "10.0.0.0/-1",
    ])
      expect(() => parseSubnet(wrong), wrong).toThrow("IPv4");
  });

  test("of the host's routes are read without the default route and those that are down", () => {
    expect(parseRoutes(ROUTES).map(formatSubnet)).toEqual([
      "192.168.254.0/24",
      "10.208.0.2/32",
      "10.0.0.0/8",
    ]);
  });
});

describe("the subnet of a project", () => {
  test("is the same one again for the same name", () => {
    expect(chooseSubnet([], [], "shop")).toEqual(chooseSubnet([], [], "shop"));
  });

  test("avoids a route into the pool, even of a single address", () => {
    const first = chooseSubnet([], [], "shop");
    const second = chooseSubnet([], [{ base: first.base + 7, prefix: 32 }], "shop");
    expect(overlaps(first, second)).toBe(false);
  });

  test("does without avoiding routes that are wider than the pool, since ours are more specific", () => {
    expect(chooseSubnet([], [parseSubnet("10.0.0.0/8")], "shop")).toEqual(chooseSubnet([], [], "shop"));
    expect(() => chooseSubnet([], [parseSubnet("10.208.0.0/12")], "shop")).toThrow("is free on this host");
  });
});

describe("a pool of addresses", () => {
  const subnet = parseSubnet("10.208.0.0/29"); // .0 is the network, .1 the gateway, .7 the last: five are left

  test("gives every address but the first, the gateway's and the last, then says that it is exhausted", () => {
    const pool = new AddressPool(subnet);
    const given = ["a", "b", "c", "d", "e"].map((key) => pool.take(key) - subnet.base);
    expect(given.sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6]);
    expect(() => pool.take("f")).toThrow("all 5 addresses of 10.208.0.0/29 are in use");
    pool.release("c");
    expect(() => pool.take("f")).not.toThrow();
  });

  test("gives a container that is recreated under its name the address it had", () => {
    const pool = new AddressPool(parseSubnet("10.208.0.0/20"));
    const before = pool.take("id-1", "shop-web-1");
    const beside = pool.take("id-2", "shop-web-1");
    expect(beside).not.toBe(before);
    pool.release("id-1");
    expect(pool.take("id-3", "shop-web-1")).toBe(before);
  });

  test("takes over what the records say, but never one address twice, nor one that is not its own", () => {
    const pool = new AddressPool(subnet);
    pool.restore("a", subnet.base + 4);
    pool.restore("a", subnet.base + 4);
    expect(pool.take("a")).toBe(subnet.base + 4);
    for (const wrong of [4, 0, 1, 7, 8])
      expect(() => pool.restore("b", subnet.base + wrong)).toThrow("recorded");
  });
});
