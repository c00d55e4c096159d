import { describe, expect, test } from "vitest";
import { defaultNetwork } from "../../../src/net/definition.ts";
import { canonicalAddress, overlaps } from "../../../src/reconcile/address.ts";
import type { PublishedPort, TakenPort } from "../../../src/observe/snapshot.ts";
import type { Port } from "../../../src/spec/project.ts";
import { emptySnapshot, linesFor, planFor, port, project, service, settledSnapshot } from "./fixture.ts";

const withPorts = (...ports: Port[]) => project({ web: service({ ports }) });

describe("which sockets are in each other's way", () => {
  test.each<[string | undefined, string | undefined, boolean]>([
    [undefined, undefined, true],
    [undefined, "127.0.0.1", true],
    [undefined, "::1", true],
    ["0.0.0.0", "10.0.0.1", true],
    ["10.0.0.1", "0.0.0.0", true],
    ["::", "fe80::1", true],
    ["0.0.0.0", "::", false],
    ["0.0.0.0", "::1", false],
    ["::", "127.0.0.1", false],
    ["127.0.0.1", "10.0.0.1", false],
    ["::1", "0:0:0:0:0:0:0:1", true],
    ["FE80::1", "fe80::1", true],
    ["::ffff:127.0.0.1", "127.0.0.1", true],
  ])("%s and %s: %s", (a, b, expected) => {
    const tcp = { protocol: "tcp", port: 80 } as const;
    expect(overlaps({ ...tcp, address: a }, { ...tcp, address: b })).toBe(expected);
    expect(overlaps({ ...tcp, address: b }, { ...tcp, address: a })).toBe(expected);
  });

  test("never where port or protocol differ, nor for port 0", () => {
    const any = { protocol: "tcp", address: undefined, port: 80 } as const;
    expect(overlaps(any, { ...any, port: 81 })).toBe(false);
    expect(overlaps(any, { ...any, protocol: "udp" })).toBe(false);
    expect(overlaps({ ...any, port: 0 }, { ...any, port: 0 })).toBe(false);
  });

  test("what is no address at all is left as it is", () => {
    expect(canonicalAddress("not:an address")).toBe("not:an address");
  });
});

const taken = (address: string, changes: Partial<TakenPort> = {}): TakenPort[] => [
  { protocol: "tcp", address, port: 8080, ...changes },
];

describe("a port that is taken", () => {
  test("by another program is a problem that names the port and the way out", () => {
    expect(
      linesFor(withPorts(port(8080)), emptySnapshot({ takenPorts: taken("127.0.0.1") })).slice(-2),
    ).toEqual([
      "! port 8080  port.taken  port 8080, which service web publishes, is taken by another program of this machine (listening on 127.0.0.1:8080)",
      "    publish another port, or stop the program; try: ss -lnp -t sport = :8080",
    ]);
  });

  test.each<[string, Port, TakenPort[]]>([
    ["on another address", port(8080, { hostIp: "127.0.0.2" }), taken("127.0.0.1")],
    ["for another protocol", port(8080, { protocol: "udp" }), taken("0.0.0.0")],
    ["with another number", port(8081), taken("0.0.0.0")],
    ["while any port will do", port(0), taken("0.0.0.0", { port: 0 })],
  ])("%s is none", (_, wanted, takenPorts) => {
    expect(planFor(withPorts(wanted), emptySnapshot({ takenPorts })).problems).toEqual([]);
  });

  test("by another project is a problem that names the project", () => {
    const published: PublishedPort[] = [{ ...port(8080), project: "blog", service: "site" }];
    expect(planFor(withPorts(port(8080, { hostIp: "::1" })), emptySnapshot({ published })).problems).toEqual([
      {
        code: "port.taken",
        subject: "port [::1]:8080",
        message: "port [::1]:8080, which service web publishes, is published by service site of project blog",
        next: "publish another port, or take project blog down first",
      },
    ]);
  });

  test("by several is told of the same one in whatever order they were seen", () => {
    const takenPorts = [...taken("127.0.0.1"), ...taken("0.0.0.0")];
    const told = planFor(withPorts(port(8080)), emptySnapshot({ takenPorts })).problems;
    expect(told).toHaveLength(1);
    expect(
      planFor(withPorts(port(8080)), emptySnapshot({ takenPorts: takenPorts.toReversed() })).problems,
    ).toEqual(told);
  });

  test("by the project itself is none, though the list of taken ports should hold it", () => {
    const wanted = withPorts(port(8080));
    expect(linesFor(wanted, settledSnapshot(wanted, { takenPorts: taken("0.0.0.0") }))).toEqual([]);
  });

  test("by two services of one project is told once", () => {
    const wanted = project({ a: service({ ports: [port(8080)] }), b: service({ ports: [port(8080)] }) });
    expect(planFor(wanted, emptySnapshot()).problems).toMatchObject([
      { message: "port 8080, which service b publishes, is published by service a as well" },
    ]);
  });

  test("by a service that is stopped by hand is free for another", () => {
    const wanted = project({ a: service({ ports: [port(8080)] }), b: service({ ports: [port(8080)] }) });
    const result = planFor({ project: wanted, replicas: {}, stopped: ["a"] }, emptySnapshot());
    expect(result.problems).toEqual([]);
  });
});

describe("the ports a service publishes", () => {
  test("change in one step that says from what to what", () => {
    const before = withPorts(port(8080), port(53, { protocol: "udp", containerPort: 53 }));
    const after = withPorts(port(9090, { hostIp: "127.0.0.1" }));
    expect(linesFor(after, settledSnapshot(before))).toEqual([
      "~ port 127.0.0.1:9090  publish  web: 53:53/udp, 8080:80 -> 127.0.0.1:9090:80",
    ]);
  });

  test("are closed when the file names none any more", () => {
    expect(linesFor(withPorts(), settledSnapshot(withPorts(port(8080))))).toEqual([
      "- port 8080  close  web: 8080:80 -> none",
    ]);
  });

  test("are listed in full only where they are few", () => {
    const many = withPorts(...[1, 2, 3, 4, 5].map((number) => port(8080 + number)));
    expect(linesFor(many, emptySnapshot({ networks: [defaultNetwork("shop")] }))[0]).toBe(
      "~ ports 8081, 8082, 8083 and 2 more  publish  web publishes 8081:80, 8082:80, 8083:80 and 2 more",
    );
  });

  test("any free one stays the one it was given", () => {
    const wanted = withPorts(port(0));
    const published: PublishedPort[] = [{ ...port(40_123), project: "shop", service: "web" }];
    expect(linesFor(wanted, settledSnapshot(wanted, { published }))).toEqual([]);
    const more = planFor(withPorts(port(0), port(8080)), settledSnapshot(wanted, { published }));
    expect(more.steps[0]?.action).toMatchObject({
      kind: "publish",
      ports: [{ hostPort: 8080 }, { hostPort: 40_123 }],
    });
  });

  test("any free one is given up to a service that asks for it by number", () => {
    const before = project({ a: service({ ports: [port(0)] }), b: service() });
    const after = project({ a: service({ ports: [port(0)] }), b: service({ ports: [port(40_123)] }) });
    const published: PublishedPort[] = [{ ...port(40_123), project: "shop", service: "a" }];
    expect(linesFor(after, settledSnapshot(before, { published }))).toEqual([
      "- port 40123  close  a hands it to b",
      "~ port any  publish  a publishes any:80",
      "~ port 40123  publish  b publishes 40123:80",
    ]);
  });

  test("can be swapped between two services", () => {
    const before = project({ a: service({ ports: [port(1)] }), b: service({ ports: [port(2)] }) });
    const after = project({ a: service({ ports: [port(2)] }), b: service({ ports: [port(1)] }) });
    const { steps, problems } = planFor(after, settledSnapshot(before));
    expect(problems).toEqual([]);
    expect(steps.map((step) => [step.key, ...step.after])).toEqual([
      ["release a"],
      ["release b", "release a"],
      ["publish a", "release b"],
      ["publish b", "publish a"],
    ]);
  });
});
