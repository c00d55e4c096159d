import { describe, expect, test } from "vitest";
import { answerLocally } from "../../../../src/net/names/answer.ts";
import { Lookup } from "../../../../src/net/names/lookup.ts";
import { within } from "../../../../src/net/names/subnets.ts";

const lookup = new Lookup();
lookup.put("a", {
  names: ["shop-web-1", "web"],
  addresses: ["10.208.0.2"],
  ports: [{ port: 80, protocol: "tcp" }],
});
lookup.put("b", {
  names: ["shop-web-2", "web"],
  addresses: ["10.208.0.3", "fd00::3"],
  ports: [{ port: 80, protocol: "tcp" }],
});
const network = { network: "shop_default", lookup, own: within(["10.208.0.0/20", "fd00::/64"]) };

function ask(name: string, type: string, turn = 0): unknown {
  const found = answerLocally(network, { name, type }, turn);
  if (found === undefined || found.code !== 0) return found?.code;
  return found.answers.map((answer) => ("data" in answer ? answer.data : undefined));
}

describe("a network's own names", () => {
  test("a service is all of its replicas, in turn", () => {
    expect(ask("web", "A", 0)).toEqual(["10.208.0.2", "10.208.0.3"]);
    expect(ask("WEB.", "A", 1)).toEqual(["10.208.0.3", "10.208.0.2"]);
    expect(ask("web.shop_default", "A")).toEqual(["10.208.0.2", "10.208.0.3"]);
  });

  test("a container is one", () => {
    expect(ask("shop-web-2", "A")).toEqual(["10.208.0.3"]);
    expect(ask("shop-web-2", "AAAA")).toEqual(["fd00::3"]);
  });

  test("a name without such a record is there all the same", () => {
    expect(ask("shop-web-1", "AAAA")).toEqual([]);
    expect(ask("web", "MX")).toEqual([]);
  });

  test("an address is its container's own name; one that nobody has is nobody's", () => {
    expect(ask("2.0.208.10.in-addr.arpa", "PTR")).toEqual(["shop-web-1.shop_default"]);
    const digits = "3" + ".0".repeat(27) + ".0.0.d.f";
    expect(ask(`${digits}.ip6.arpa`, "PTR")).toEqual(["shop-web-2.shop_default"]);
    expect(ask("9.0.208.10.in-addr.arpa", "PTR")).toBe(3);
  });

  test("a service's ports have records with replica and port", () => {
    expect(ask("_80._tcp.web", "SRV")).toEqual([
      { priority: 0, weight: 0, port: 80, target: "shop-web-1.shop_default" },
      { priority: 0, weight: 0, port: 80, target: "shop-web-2.shop_default" },
    ]);
    expect(ask("_81._tcp.web", "SRV")).toBe(3);
    expect(ask("_80._udp.web", "SRV")).toBe(3);
  });

  test("everything else is somebody else's business, but for what names the network", () => {
    for (const name of ["example.org", "db", "9.9.9.9.in-addr.arpa", "_80._tcp.example.org"])
      expect(answerLocally(network, { name, type: "A" }, 0)).toBe(undefined);
    expect(ask("db.shop_default", "A")).toBe(3);
  });

  test("who has left is not found any more", () => {
    const other = new Lookup();
    other.takeFrom(lookup);
    other.drop("a");
    expect(other.named("web").map(({ names }) => names[0])).toEqual(["shop-web-2"]);
    expect(other.at("10.208.0.2")).toBe(undefined);
  });
});
