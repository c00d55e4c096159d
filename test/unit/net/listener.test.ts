import { describe, expect, test } from "vitest";
import { listenerId, portOfSocket, socketsOf } from "../../../src/net/listener.ts";

const web = { project: "shop", service: "web", protocol: "tcp", hostPort: 8080, containerPort: 80 } as const;

describe("a published port", () => {
  test("on every address is two sockets, of which the IPv6 one may be missing", () => {
    expect(socketsOf(web)).toEqual([
      { id: "shop/web/tcp/*/8080/80/4", address: "0.0.0.0", optional: false },
      { id: "shop/web/tcp/*/8080/80/6", address: "::", optional: true },
    ]);
  });

  test("on one address is one socket", () => {
    expect(socketsOf({ ...web, hostIp: "127.0.0.1" })).toHaveLength(1);
    expect(socketsOf({ ...web, hostIp: "::1" })[0]).toMatchObject({
      id: "shop/web/tcp/::1/8080/80/6",
      optional: false,
    });
  });

  test("is found again from the id of each of its sockets", () => {
    for (const port of [
      web,
      { ...web, hostIp: "127.0.0.1" },
      { ...web, hostIp: "::1", protocol: "udp" as const },
    ])
      for (const { id } of socketsOf(port)) expect(portOfSocket(id)).toEqual(port);
    expect(listenerId(web)).toBe("shop/web/tcp/*/8080/80");
  });

  test("is not made of ids that are something else", () => {
    const wrong = [
      "",
      "a/b",
      "shop/web/sctp/*/1/1/4",
      "shop/web/tcp/*/x/80/4",
      "shop/web/tcp/*/1/0/4",
      "a/b/tcp/*/1/1/4/5",
    ];
    for (const id of [...wrong, "shop/web/tcp/::1/1/1/4", "shop/web/tcp/host/1/1/4", "shop/web/tcp/*/01/1/4"])
      expect(portOfSocket(id), id).toBeUndefined();
  });

  test("outside its range, or on a host name, is refused", () => {
    for (const wrong of [{ hostPort: -1 }, { hostPort: 65536 }, { containerPort: 0 }, { hostPort: 1.5 }])
      expect(() => socketsOf({ ...web, ...wrong })).toThrow("is not between 1 and 65535");
    for (const hostIp of ["localhost", "fe80::1%eth0", "1.2.3"])
      expect(() => socketsOf({ ...web, hostIp })).toThrow("is not an address to listen on");
    expect(() => socketsOf({ ...web, service: "a b\nunlisten x" })).toThrow("does not name a service");
  });
});
