import { describe, expect, test } from "vitest";
import { parseSubnet } from "../../../src/net/ipv4.ts";
import { containerLink, linkIndex, removeLink } from "../../../src/net/netlink/container-link.ts";
import { integer, RequestWriter, text } from "../../../src/net/netlink/request.ts";
import { addNetworkRules } from "../../../src/net/netlink/rule.ts";

const REQUEST_AND_ACK = 0x5;

/** The headers of the requests in a list. Fails when a length does not lead to the next one. */
function requests(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: { type: number; flags: number; sequence: number }[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const length = view.getUint32(offset, true);
    expect(length).toBeGreaterThanOrEqual(16);
    found.push({
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
    });
    offset += length;
  }
  expect(offset).toBe(bytes.length);
  return found;
}

const link = { hostName: "gt1234", hostIndex: 0x20000001, address: "10.208.0.2", gateway: "10.208.0.1" };

describe("a request", () => {
  test("pads its attributes but does not count the padding as part of them", () => {
    const writer = new RequestWriter();
    writer.request(16, 0, new Uint8Array(), () => {
      writer.attribute(3, text("ab"));
      writer.nested(18, () => writer.attribute(1, integer(7, 1)));
    });
    expect(Buffer.from(writer.bytes()).toString("hex")).toBe(
      ["2400000010000500", "0100000000000000", "0700030061620000", "0c001280", "0500010007000000"].join(""),
    );
  });
});

describe("a container's link", () => {
  test("is made by requests in order, each of which asks for an acknowledgement", () => {
    const { host, container } = containerLink(link);
    expect(requests(host.messages).map(({ type }) => type)).toEqual([16, 16, 24, 28]);
    expect(requests(container).map(({ type }) => type)).toEqual([16, 20, 16, 24, 24, 28]);
    for (const { flags } of requests(host.messages)) expect(flags & REQUEST_AND_ACK).toBe(REQUEST_AND_ACK);
    expect(requests(container).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("leaves four zero bytes, aligned, for the process id", () => {
    const { messages, pidOffset } = containerLink(link).host;
    expect(pidOffset % 4).toBe(0);
    const attribute = Array.from(messages.subarray(pidOffset - 4, pidOffset + 4));
    expect(attribute).toEqual([8, 0, 19, 0, 0, 0, 0, 0]); // IFLA_NET_NS_PID
  });

  test("is the same for the same container, and says nothing of IPv6 where there is none", () => {
    expect(containerLink(link)).toEqual(containerLink(link));
    const without = containerLink({ ...link, ipv6: false }).host.messages;
    expect(without.length).toBe(containerLink(link).host.messages.length - 12);
  });

  test("is refused with a name or an address the kernel would not take", () => {
    for (const hostName of ["", ".", "..", "a/b", "sixteen-bytes-ab", "a b"])
      expect(() => containerLink({ ...link, hostName }), hostName).toThrow("is not an interface's name");
    expect(() => containerLink({ ...link, address: "10.208.0" })).toThrow("is not an IPv4 address");
  });

  test("has an index far from the kernel's own", () => {
    expect(linkIndex(() => 0)).toBe(2 ** 29);
    expect(linkIndex(() => 0.999999999999)).toBe(2 ** 30 - 1);
  });

  test("is taken away by one request", () => {
    expect(requests(removeLink(5))).toEqual([{ type: 17, flags: REQUEST_AND_ACK, sequence: 1 }]);
  });
});

test("a network's rules are two, the one that allows before the one that forbids", () => {
  const bytes = addNetworkRules(parseSubnet("10.208.16.0/20"));
  expect(requests(bytes).map(({ type }) => type)).toEqual([32, 32]);
  const view = new DataView(bytes.buffer);
  const half = view.getUint32(0, true);
  const priorities = [0, half].map((start) => view.getUint32(start + 16 + 12 + 8 + 8 + 4, true));
  expect(priorities).toEqual([20800, 20801]);
});
