import { describe, expect, test } from "vitest";
import { ruleset } from "../../../../src/net/firewall/ruleset.ts";
import { uplinksOf } from "../../../../src/net/firewall/uplinks.ts";

describe("the firewall's table", () => {
  const shop = { subnets: ["10.208.16.0/20", "fd00:1::/64"], internal: false };
  const back = { subnets: ["10.208.0.0/20"], internal: true };

  test("is replaced as a whole", () => {
    const [add, remove, make] = ruleset({ table: "t", networks: [], guarded: [] }).split("\n");
    expect([add, remove, make]).toEqual(["add table inet t", "delete table inet t", "table inet t {"]);
  });

  test("knows each network once, in the sets; the rules stay as many", () => {
    const text = ruleset({ table: "t", networks: [shop, back], guarded: ["eth0"] });
    expect(text).toContain("elements = { 10.208.0.0/20, 10.208.16.0/20 }");
    expect(text).toContain("elements = { 10.208.0.0/20 . 10.208.0.0/20, 10.208.16.0/20 . 10.208.16.0/20 }");
    expect(text).toContain("elements = { fd00:1::/64 }");
    expect(text).toContain('elements = { "eth0" }');
    const rules = (all: string): number =>
      all.split("\n").filter((line) => /accept|drop|masq/.test(line)).length;
    expect(rules(text)).toBe(rules(ruleset({ table: "t", networks: [shop], guarded: [] })));
  });

  test("lets nothing of an internal network out", () => {
    const text = ruleset({ table: "t", networks: [shop, back], guarded: [] });
    const outgoing = /set outgoing4 \{([^}]*\})/.exec(text)?.[1] ?? "";
    expect(outgoing).toContain("10.208.16.0/20");
    expect(outgoing).not.toContain("10.208.0.0/20");
  });
});

describe("uplinks", () => {
  const line = (name: string, gateway: boolean): string =>
    `${name}\t00000000\t00000000\t000${gateway ? 3 : 1}\t0\t0\t0\t0`;
  const routes = (...lines: readonly string[]): string => ["Iface\tDestination", ...lines].join("\n");

  test("are what has a gateway or neighbours; not our own links, and no engine's bridge", () => {
    const text = routes(
      line("eth0", true),
      line("wg0", false),
      line("docker0", false),
      line("br0", true),
      line("br0", false),
      line("gt0123456789ab", false),
      line("lo", false),
    );
    const isBridge = (name: string): boolean => ["docker0", "br0"].includes(name);
    expect(uplinksOf(text, isBridge)).toEqual(["br0", "eth0", "wg0"]);
  });
});
