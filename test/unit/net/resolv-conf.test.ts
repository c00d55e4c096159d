import { describe, expect, test } from "vitest";
import { networkResolvConf, ownResolvConf, resolvConf } from "../../../src/net/resolv-conf.ts";

describe("/etc/resolv.conf", () => {
  test("is the host's without nameservers on its loopback", () => {
    const host =
      "# by hand\nnameserver 127.0.0.53\nnameserver 9.9.9.9\nnameserver ::1\nnameserver 2620:fe::fe\n";
    expect(resolvConf(`${host}search lan\noptions edns0 trust-ad\n`)).toBe(
      "nameserver 9.9.9.9\nnameserver 2620:fe::fe\nsearch lan\noptions edns0 trust-ad\n",
    );
  });

  test("is empty where the host has none", () => {
    expect(resolvConf("")).toBe("");
    expect(resolvConf("nameserver 127.0.0.1\nnameserver nonsense\n")).toBe("");
  });

  test("of a network asks the responder, keeps the host's domains and options, and asks for single words as they are", () => {
    const host = "nameserver 9.9.9.9\nsearch lan\noptions edns0 trust-ad\n";
    expect(networkResolvConf(host, ["10.208.0.1"])).toBe(
      "search lan\nnameserver 10.208.0.1\noptions edns0 trust-ad ndots:0\n",
    );
  });

  test("of a network does not name the file's own resolvers: the responder passes on to them", () => {
    const settings = { servers: ["192.0.2.53"], search: ["example.org"], options: ["ndots:3"] };
    expect(networkResolvConf("nameserver 9.9.9.9\nsearch lan\n", ["10.208.0.1"], settings)).toBe(
      "nameserver 10.208.0.1\nsearch example.org\noptions ndots:3\n",
    );
    expect(ownResolvConf("nameserver 9.9.9.9\n", settings)).toBe(
      "nameserver 192.0.2.53\nsearch example.org\noptions ndots:3\n",
    );
  });
});
