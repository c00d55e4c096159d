import { integer, NLM_F_CREATE, NLM_F_EXCL, structure, text } from "./request.ts";
import type { RequestWriter } from "./request.ts";

// linux/rtnetlink.h, linux/if_link.h, linux/veth.h, linux/ip.h
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINKINFO = 18;
const IFLA_NET_NS_PID = 19;
const IFLA_AF_SPEC = 26;
const IFLA_NUM_TX_QUEUES = 31;
const IFLA_NUM_RX_QUEUES = 32;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const IFLA_INET_CONF = 1;
const IPV4_DEVCONF_FORWARDING = 1;
const IPV4_DEVCONF_RP_FILTER = 8;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const IFF_UP = 0x1;

/** One end of a veth pair. The caller chooses the index, so that later requests need no answer to this one. */
export interface LinkEnd {
  /** At most 15 bytes. */
  readonly name: string;
  readonly index: number;
  /** Six bytes. */
  readonly hardwareAddress: Uint8Array;
}

/**
 * Makes a veth pair (veth(4)), both ends down, `peer` in the network namespace of a process.
 * Returns the offset of that process's id, four bytes, little-endian, to be patched in by whoever knows it.
 */
export function addVethPair(writer: RequestWriter, local: LinkEnd, peer: LinkEnd, mtu: number): number {
  let pidOffset = 0;
  const describe = (end: LinkEnd) => {
    writer.attribute(IFLA_IFNAME, text(end.name));
    writer.attribute(IFLA_ADDRESS, end.hardwareAddress);
    writer.attribute(IFLA_MTU, integer(mtu, 4));
    // The kernel would prepare a queue per processor and then use one.
    writer.attribute(IFLA_NUM_TX_QUEUES, integer(1, 4));
    writer.attribute(IFLA_NUM_RX_QUEUES, integer(1, 4));
  };
  writer.request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, linkHeader(local.index, false), () => {
    describe(local);
    writer.nested(IFLA_LINKINFO, () => {
      writer.attribute(IFLA_INFO_KIND, text("veth"));
      writer.nested(IFLA_INFO_DATA, () =>
        writer.nested(
          VETH_INFO_PEER,
          () => {
            describe(peer);
            pidOffset = writer.attribute(IFLA_NET_NS_PID, integer(0, 4));
          },
          linkHeader(peer.index, false),
        ),
      );
    });
  });
  return pidOffset;
}

/** Brings a link up. */
export function setLinkUp(writer: RequestWriter, index: number): void {
  writer.request(RTM_NEWLINK, 0, linkHeader(index, true));
}

/**
 * Brings the host's end up as a router's port: forwards IPv4 that comes in here (whatever the host-wide ip_forward
 * says) and only from addresses that are routed back to here, so that no container can use another's address
 * (strict reverse path, RFC 3704). Where the kernel has IPv6, the link gets no address of it.
 */
export function setRouterPortUp(writer: RequestWriter, index: number, ipv6: boolean): void {
  writer.request(RTM_NEWLINK, 0, linkHeader(index, true), () =>
    writer.nested(IFLA_AF_SPEC, () => {
      writer.nested(AF_INET, () =>
        writer.nested(IFLA_INET_CONF, () => {
          writer.attribute(IPV4_DEVCONF_FORWARDING, integer(1, 4));
          writer.attribute(IPV4_DEVCONF_RP_FILTER, integer(1, 4));
        }),
      );
      if (ipv6)
        writer.nested(AF_INET6, () => {
          writer.attribute(IFLA_INET6_ADDR_GEN_MODE, integer(IN6_ADDR_GEN_MODE_NONE, 1));
        });
    }),
  );
}

export function deleteLink(writer: RequestWriter, index: number): void {
  writer.request(RTM_DELLINK, 0, linkHeader(index, false));
}

/** Takes a link away by its name; acknowledged with ENODEV where there is none. */
export function deleteLinkNamed(writer: RequestWriter, name: string): void {
  writer.request(RTM_DELLINK, 0, linkHeader(0, false), () => writer.attribute(IFLA_IFNAME, text(name)));
}

/** struct ifinfomsg */
function linkHeader(index: number, up: boolean): Uint8Array {
  const flags = integer(up ? IFF_UP : 0, 4);
  return structure(integer(0, 4), integer(index, 4), flags, flags);
}
