import { GantryError } from "../error.ts";
import { formatAddress, formatSubnet, overlaps, parseSubnet, sizeOf } from "./ipv4.ts";
import type { Address, Subnet } from "./ipv4.ts";

/** Every project's network is a /20 of this. */
export const POOL: Subnet = parseSubnet("10.208.0.0/12");
const NETWORK_PREFIX = 20;
const NETWORKS = 2 ** (NETWORK_PREFIX - POOL.prefix);

/**
 * A subnet of the pool that overlaps neither the networks in use nor a route of the host. The search begins where
 * `name` hashes to: a project gets the same subnet again where it can, and instances side by side, who do not know
 * each other's networks, seldom meet. Routes wider than the whole pool (a VPN's 10.0.0.0/8) count only while there
 * is a choice: ours are more specific and win. Throws network.exhausted.
 */
export function chooseSubnet(used: readonly Subnet[], hostRoutes: readonly Subnet[], name: string): Subnet {
  const narrow = hostRoutes.filter((route) => route.prefix >= POOL.prefix);
  const start = hash(name);
  for (const taken of [
    [...used, ...hostRoutes],
    [...used, ...narrow],
  ]) {
    for (let i = 0; i < NETWORKS; i++) {
      const base = POOL.base + ((start + i) % NETWORKS) * 2 ** (32 - NETWORK_PREFIX);
      const subnet = { base, prefix: NETWORK_PREFIX };
      if (!taken.some((other) => overlaps(other, subnet))) return subnet;
    }
  }
  throw new GantryError(
    "network.exhausted",
    `no /${NETWORK_PREFIX} of ${formatSubnet(POOL)} is free on this host`,
    {
      next: "remove projects that are no longer needed (gantry down), or routes into that range (ip route)",
    },
  );
}

/** The host's own address in a project's network: the first after the network's address. */
export function gatewayOf(subnet: Subnet): Address {
  return subnet.base + 1;
}

/** The addresses of one network. Nothing is remembered on disk: the container records hold the facts. */
export class AddressPool {
  readonly subnet: Subnet;
  readonly #byKey = new Map<string, Address>();
  readonly #taken = new Set<Address>();
  readonly #gateway: Address;

  constructor(subnet: Subnet, gateway = gatewayOf(subnet)) {
    this.subnet = subnet;
    this.#gateway = gateway;
  }

  /** Takes an address a record already has. Throws conflict when another key has it, or it is none of this network's. */
  restore(key: string, address: Address): void {
    if (this.#byKey.get(key) === address) return;
    if (this.#taken.has(address) || this.#byKey.has(key) || !this.#usable(address))
      throw new GantryError(
        "conflict",
        `an address of ${formatSubnet(this.subnet)} is recorded for two containers`,
      );
    this.#byKey.set(key, address);
    this.#taken.add(address);
  }

  /**
   * The address of `key` (unique: a container's id), the same one until it is released. A new one is looked for
   * where `name` hashes to, so that a container recreated under its name has its old address where that is free.
   * Never the first, the gateway's, or the last. Throws network.exhausted.
   */
  take(key: string, name: string = key): Address {
    const held = this.#byKey.get(key);
    if (held !== undefined) return held;
    const count = sizeOf(this.subnet) - 2;
    // So that the gateway, first of them all as a rule, shifts nothing.
    const start = 1 + (hash(name) % (count - 1));
    for (let i = 0; i < count; i++) {
      const address = this.subnet.base + 1 + ((start + i) % count);
      if (address === this.#gateway || this.#taken.has(address)) continue;
      this.#byKey.set(key, address);
      this.#taken.add(address);
      return address;
    }
    throw new GantryError(
      "network.exhausted",
      `all ${count - 1} addresses of ${formatSubnet(this.subnet)} are in use`,
      {
        next: "remove stopped containers, or spread the services over several projects",
      },
    );
  }

  /** Takes the address that is asked for. Throws conflict when somebody has it, request.invalid for none of this network's. */
  claim(key: string, address: Address): void {
    if (this.#byKey.get(key) === address) return;
    const text = formatAddress(address);
    if (!this.#usable(address))
      throw new GantryError(
        "request.invalid",
        `${text} is no address for a container in ${formatSubnet(this.subnet)}`,
      );
    if (this.#taken.has(address))
      throw new GantryError("conflict", `${text} is in use by another container`, {
        next: "choose another ipv4_address, or remove that container (gantry ps -a)",
      });
    this.#byKey.set(key, address);
    this.#taken.add(address);
  }

  get empty(): boolean {
    return this.#taken.size === 0;
  }

  /** Does nothing when the key has none. */
  release(key: string): void {
    const address = this.#byKey.get(key);
    if (address === undefined) return;
    this.#byKey.delete(key);
    this.#taken.delete(address);
  }

  #usable(address: Address): boolean {
    const last = this.subnet.base + sizeOf(this.subnet) - 1;
    return address > this.subnet.base && address < last && address !== this.#gateway;
  }
}

/** FNV-1a, 32 bits: spreads names; nothing depends on it being hard to invert. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
