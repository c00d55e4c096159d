import { GantryError } from "../../error.ts";
import { octetsOf, parseAddress } from "../ipv4.ts";
import type { Address, Subnet } from "../ipv4.ts";
import { addVethPair, deleteLink, deleteLinkNamed, setLinkUp, setRouterPortUp } from "./link.ts";
import { RequestWriter, structure } from "./request.ts";
import { addAddress, addNeighbour, addRoute, LOOPBACK_INDEX } from "./route.ts";

/** The first interface after the loopback, as in any fresh namespace. */
const FIRST_INDEX = 2;
const DEFAULT: Subnet = { base: 0, prefix: 0 };

export interface ContainerLink {
  /** The host's end of the pair: a name of at most 15 bytes that nobody else uses, ... */
  readonly hostName: string;
  /** ... and an index of its own: linkIndex() draws one. */
  readonly hostIndex: number;
  /** The container's address, dotted. */
  readonly address: string;
  /** The host's address in the project's network, dotted. */
  readonly gateway: string;
  /** Which of the container's interfaces it is, from 0: `eth0`. 0 unless told. */
  readonly number?: number;
  /** What is reached through it; everything unless told. The gateway always is. */
  readonly reaches?: Subnet;
  /** Of the container's end, as `02:42:ac:11:65:43`; derived from the address unless told. */
  readonly hardwareAddress?: string;
  /** Bytes; 1500 unless told. */
  readonly mtu?: number;
  /** Whether the kernel has IPv6 (/proc/sys/net/ipv6 exists); true unless told. */
  readonly ipv6?: boolean;
}

/** rtnetlink requests, each list to be sent in one go, the host's first. Every request asks for an acknowledgement. */
export interface LinkRequests {
  readonly host: {
    readonly messages: Uint8Array;
    /** Where the id of a process in the container's network namespace goes, four bytes, little-endian. */
    readonly pidOffset: number;
  };
  readonly container: Uint8Array;
}

/**
 * Connects a container by a routed veth pair without a bridge: the host has a /32 route to it, the container a
 * default route to the host, and both know the other's hardware address, so there is no broadcast and no ARP.
 * `eth0` (or what its number makes it) has the container's address; its loopback is up. Everything goes with the container's namespace.
 * Throws request.invalid for an address or a name that is none.
 */
export function containerLink(link: ContainerLink): LinkRequests {
  if (!/^[A-Za-z0-9_.-]{1,15}$/.test(link.hostName) || link.hostName === "." || link.hostName === "..")
    throw new GantryError("request.invalid", `"${link.hostName}" is not an interface's name`);
  const address = parseAddress(link.address);
  const gateway = parseAddress(link.gateway);
  const hostEnd = {
    name: link.hostName,
    index: link.hostIndex,
    hardwareAddress: hardwareAddress(0x0e, address),
  };
  const number = link.number ?? 0;
  const ownEnd = {
    name: `eth${number}`,
    index: FIRST_INDEX + number,
    hardwareAddress: parseHardwareAddress(link.hardwareAddress) ?? hardwareAddress(0x0a, address),
  };

  const host = new RequestWriter();
  const pidOffset = addVethPair(host, hostEnd, ownEnd, link.mtu ?? 1500);
  setRouterPortUp(host, hostEnd.index, link.ipv6 ?? true);
  addRoute(host, { destination: { base: address, prefix: 32 }, index: hostEnd.index, source: gateway });
  addNeighbour(host, hostEnd.index, address, ownEnd.hardwareAddress);

  const container = new RequestWriter();
  setLinkUp(container, LOOPBACK_INDEX);
  addAddress(container, ownEnd.index, address);
  setLinkUp(container, ownEnd.index);
  addRoute(container, { destination: { base: gateway, prefix: 32 }, index: ownEnd.index });
  addRoute(container, {
    destination: link.reaches ?? DEFAULT,
    index: ownEnd.index,
    via: gateway,
    ...(link.reaches !== undefined && { source: address }),
  });
  addNeighbour(container, ownEnd.index, gateway, hostEnd.hardwareAddress);
  return { host: { messages: host.bytes(), pidOffset }, container: container.bytes() };
}

/** Takes the host's end away, and with it the container's. */
export function removeLink(hostIndex: number): Uint8Array {
  const writer = new RequestWriter();
  deleteLink(writer, hostIndex);
  return writer.bytes();
}

/** Takes an interface away by its name, and with it the other end. For the namespace it is in. */
export function removeLinkNamed(name: string): Uint8Array {
  const writer = new RequestWriter();
  deleteLinkNamed(writer, name);
  return writer.bytes();
}

/** For containers without a network: their loopback alone. */
export function loopbackOnly(): Uint8Array {
  const writer = new RequestWriter();
  setLinkUp(writer, LOOPBACK_INDEX);
  return writer.bytes();
}

/** An index from the upper half of 30 random bits, far from those the kernel counts up from 1. */
export function linkIndex(random: () => number = Math.random): number {
  return 2 ** 29 + Math.floor(random() * 2 ** 29);
}

/** Locally administered (IEEE 802, bit 0x02 of the first octet), derived from the address: stable and unique. */
function hardwareAddress(first: 0x0a | 0x0e, address: Address): Uint8Array {
  return structure(Uint8Array.of(first, 0x67), octetsOf(address));
}

function parseHardwareAddress(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(text))
    throw new GantryError("request.invalid", `"${text}" is not a hardware address`);
  return Uint8Array.from(text.split(":"), (octet) => Number.parseInt(octet, 16));
}
