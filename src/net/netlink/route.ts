import { octetsOf } from "../ipv4.ts";
import type { Address, Subnet } from "../ipv4.ts";
import { integer, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, RequestWriter, structure } from "./request.ts";

// linux/rtnetlink.h, linux/if_addr.h, linux/neighbour.h
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_NEWROUTE = 24;
const RTM_NEWNEIGH = 28;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PREFSRC = 7;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_PERMANENT = 0x80;
const AF_INET = 2;
const RT_TABLE_MAIN = 254;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_HOST = 254;
const RTN_UNICAST = 1;

/** The loopback's index, in every namespace. */
export const LOOPBACK_INDEX = 1;

/** Marks what gantry put into the host's routing tables: `ip route show proto 103`. */
export const RTPROT_GANTRY = 103;

/** Gives an interface an address, /32: nothing else is on its link. */
export function addAddress(writer: RequestWriter, index: number, address: Address): void {
  // struct ifaddrmsg: family, prefix length, flags, scope, index
  const header = structure(Uint8Array.of(AF_INET, 32, 0, RT_SCOPE_UNIVERSE), integer(index, 4));
  writer.request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header, () => {
    writer.attribute(IFA_LOCAL, octetsOf(address));
    writer.attribute(IFA_ADDRESS, octetsOf(address));
  });
}

/**
 * The host's own address in a network, on its loopback: it is there whether a container runs or not, and no start has to
 * bring it. Acknowledged with EEXIST where it is there, taking it back with EADDRNOTAVAIL where it is gone.
 */
export function gatewayAddress(change: "add" | "delete", address: Address): Uint8Array {
  const writer = new RequestWriter();
  const header = structure(Uint8Array.of(AF_INET, 32, 0, RT_SCOPE_HOST), integer(LOOPBACK_INDEX, 4));
  const [type, flags] = change === "add" ? [RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL] : [RTM_DELADDR, 0];
  writer.request(type, flags, header, () => {
    writer.attribute(IFA_LOCAL, octetsOf(address));
    writer.attribute(IFA_ADDRESS, octetsOf(address));
  });
  return writer.bytes();
}

/** `via` undefined: the destination is on the link. `source` is what the host speaks from when it has the choice. */
export interface Route {
  readonly destination: Subnet;
  readonly index: number;
  readonly via?: Address;
  readonly source?: Address;
}

/**
 * Adds a route, in place of one to the same destination: that of a container which is gone stays until the kernel has
 * taken its network namespace down, some time after its last process.
 */
export function addRoute(writer: RequestWriter, route: Route): void {
  const { destination, index, via, source } = route;
  const scope = via === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  // struct rtmsg: family, destination and source length, tos, table, protocol, scope, type, flags
  const header = structure(
    Uint8Array.of(AF_INET, destination.prefix, 0, 0, RT_TABLE_MAIN, RTPROT_GANTRY, scope, RTN_UNICAST),
    integer(0, 4),
  );
  writer.request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, header, () => {
    if (destination.prefix > 0) writer.attribute(RTA_DST, octetsOf(destination.base));
    writer.attribute(RTA_OIF, integer(index, 4));
    if (via !== undefined) writer.attribute(RTA_GATEWAY, octetsOf(via));
    if (source !== undefined) writer.attribute(RTA_PREFSRC, octetsOf(source));
  });
}

/**
 * Says once and for all which hardware address a neighbour has, so that nobody has to ask (arp(7)); in place of an entry
 * that the kernel has begun by then, as a packet for whoever had the address before makes it.
 */
export function addNeighbour(
  writer: RequestWriter,
  index: number,
  address: Address,
  hardware: Uint8Array,
): void {
  // struct ndmsg: family, padding, index, state, flags, type
  const header = structure(
    Uint8Array.of(AF_INET, 0, 0, 0),
    integer(index, 4),
    integer(NUD_PERMANENT, 2),
    Uint8Array.of(0, RTN_UNICAST),
  );
  writer.request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header, () => {
    writer.attribute(NDA_DST, octetsOf(address));
    writer.attribute(NDA_LLADDR, hardware);
  });
}
