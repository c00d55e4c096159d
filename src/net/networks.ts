import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import { syncFolder, writeJson } from "../host/durable.ts";
import { Serial } from "../host/serial.ts";
import { chooseSubnet, gatewayOf, POOL } from "./allocate.ts";
import type { NetworkDefinition } from "./definition.ts";
import { formatAddress, formatSubnet, overlaps, parseAddress, parseSubnet } from "./ipv4.ts";
import type { Subnet } from "./ipv4.ts";
import { readRecord, type NetworkRecord } from "./network-record.ts";
import { structure } from "./netlink/request.ts";
import { gatewayAddress } from "./netlink/route.ts";
import { addNetworkRules, deleteNetworkRules } from "./netlink/rule.ts";
import { parseRoutes } from "./route-table.ts";

/** A network that is there. Only the launcher speaks netlink, so what the kernel has to be told is handed on as bytes. */
export interface Network extends NetworkDefinition {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly subnet: Subnet;
  /** The host's address in it, dotted. */
  readonly gateway: string;
}

export interface Networks {
  /**
   * The network of this name, made when there is none. Throws network.exhausted, conflict where the subnet asked for is
   * in use, request.invalid.
   */
  ensure(definition: NetworkDefinition): Promise<Network>;
  /** By its real name. */
  get(name: string): Network | undefined;
  /** Forgets it. Hand its teardown to the kernel first. */
  remove(name: string): Promise<void>;
  /** Sorted by name. */
  list(): readonly Network[];
  /** For the host's namespace, at every start of the daemon: EEXIST means that some of it was there already. */
  setup(network: Network): Uint8Array;
  /** Takes it back: ENOENT and EADDRNOTAVAIL mean that some of it was gone already. */
  teardown(network: Network): Uint8Array;
}

/** Opens `<root>/networks`, one JSON file per network. Throws internal for a file that is none. */
export async function openNetworks(root: string): Promise<Networks> {
  const folder = join(root, "networks");
  const file = (name: string) => join(folder, `${name}.json`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const networks = new Map<string, Network>();
  for (const entry of (await readdir(folder)).sort()) {
    if (!entry.endsWith(".json")) continue; // a temporary file of a write that was cut off
    const { record, outdated } = await readRecord(join(folder, entry));
    if (outdated) {
      await writeJson(file(record.name), record);
      await rm(join(folder, entry));
    }
    networks.set(record.name, describe(record));
  }
  // One change at a time: two at once must not choose the same subnet.
  const serial = new Serial();
  const sorted = (): readonly Network[] => [...networks.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  /** The subnets of the others that lie outside the pool: each has to be told apart from each. */
  const beside = ({ name }: Network): readonly Subnet[] =>
    sorted()
      .filter((other) => other.name !== name && !overlaps(other.subnet, POOL))
      .map(({ subnet }) => subnet);

  return {
    ensure: (definition) =>
      serial.run("networks", async () => {
        const existing = networks.get(definition.name);
        if (existing !== undefined) return existing;
        if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(definition.name))
          throw new GantryError("request.invalid", `"${definition.name}" is not a network's name`);
        const routes = parseRoutes(await readFile("/proc/net/route", "utf8"));
        const { subnet, gateway } = choose(definition, sorted(), routes, `${root}\0${definition.name}`);
        const record: NetworkRecord = {
          ...definition,
          id: createHash("sha256").update(randomBytes(32)).digest("hex"),
          createdAt: Date.now(),
          subnet: formatSubnet(subnet),
          gateway,
        };
        await writeJson(file(record.name), record);
        const network = describe(record);
        networks.set(network.name, network);
        return network;
      }),
    get: (name) => networks.get(name),
    remove: (name) =>
      serial.run("networks", async () => {
        if (!networks.has(name)) return;
        await rm(file(name), { force: true });
        await syncFolder(folder);
        networks.delete(name);
      }),
    list: sorted,
    setup: (network) =>
      structure(
        addNetworkRules(network.subnet, beside(network)),
        gatewayAddress("add", parseAddress(network.gateway)),
      ),
    teardown: (network) =>
      structure(
        deleteNetworkRules(network.subnet, beside(network)),
        gatewayAddress("delete", parseAddress(network.gateway)),
      ),
  };
}

function describe(record: NetworkRecord): Network {
  return { ...record, subnet: parseSubnet(record.subnet) };
}

/** The subnet asked for, where nobody has it, else a free one. */
function choose(
  { subnets, name: wanted }: NetworkDefinition,
  networks: readonly Network[],
  routes: readonly Subnet[],
  seed: string,
): { readonly subnet: Subnet; readonly gateway: string } {
  const [asked, second] = subnets;
  if (second !== undefined)
    throw new GantryError("request.invalid", `network ${wanted} asks for several subnets; it can have one`);
  if (asked === undefined) {
    const subnet = chooseSubnet(
      networks.map((network) => network.subnet),
      routes,
      seed,
    );
    return { subnet, gateway: formatAddress(gatewayOf(subnet)) };
  }
  const subnet = parseSubnet(asked.subnet);
  const other = networks.find((network) => overlaps(network.subnet, subnet));
  const route = routes.find((one) => one.prefix >= subnet.prefix && overlaps(one, subnet));
  if (other !== undefined || route !== undefined)
    throw new GantryError(
      "conflict",
      other === undefined
        ? `the subnet ${asked.subnet} of network ${wanted} is in use on this host (ip route)`
        : `the subnet ${asked.subnet} of network ${wanted} overlaps with that of network ${other.name}`,
      { next: "choose another subnet, or leave the choice to gantry" },
    );
  const gateway = asked.gateway ?? formatAddress(gatewayOf(subnet));
  if (!overlaps({ base: parseAddress(gateway), prefix: 32 }, subnet))
    throw new GantryError("request.invalid", `the gateway ${gateway} is not in ${asked.subnet}`);
  return { subnet, gateway };
}
