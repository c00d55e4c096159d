import { describe, expect, test } from "vitest";
import { hostsFile } from "../../../src/net/hosts.ts";

describe("/etc/hosts", () => {
  test("names the loopback, then what it was given", () => {
    const text = hostsFile([
      { address: "10.208.0.3", names: ["shop-web-2", "web"] },
      { address: "10.208.0.2", names: ["shop-web-1", "web", "web"] },
    ]);
    expect(text.split("\n")).toEqual([
      "127.0.0.1\tlocalhost",
      "::1\tlocalhost ip6-localhost ip6-loopback",
      "10.208.0.3\tshop-web-2 web",
      "10.208.0.2\tshop-web-1 web",
      "",
    ]);
  });

  test("holds no line that a name or an address has smuggled in", () => {
    const names = ["a b", "web\n6.6.6.6 bank.example", "#x", "", "-x", "x\0y"];
    expect(hostsFile([{ address: "10.208.0.2", names }])).toBe(hostsFile([]));
    expect(hostsFile([{ address: "10.208.0.2\n6.6.6.6", names: ["web"] }])).toBe(hostsFile([]));
  });
});
