import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { GantryError, messageOf } from "../error.ts";
import { readJson, syncFolder, writeJson } from "../host/durable.ts";
import { chooseSubnet, gatewayOf } from "./allocate.ts";
import { formatAddress, formatSubnet, parseSubnet } from "./ipv4.ts";
import type { Subnet } from "./ipv4.ts";
import { structure } from "./netlink/request.ts";
import { gatewayAddress } from "./netlink/route.ts";
import { addNetworkRules, deleteNetworkRules } from "./netlink/rule.ts";
import { parseRoutes } from "./route-table.ts";

/** A project's network. Only the launcher speaks netlink, so what the kernel has to be told is handed on as bytes. */
export interface Network {
  readonly project: string;
  readonly subnet: Subnet;
  /** The host's address in it, dotted. */
  readonly gateway: string;
  /** For the host's namespace, at every start of the daemon: EEXIST means that some of it was there already. */
  readonly setup: Uint8Array;
  /** Takes it back: ENOENT and EADDRNOTAVAIL mean that some of it was gone already. */
  readonly teardown: Uint8Array;
}

export interface Networks {
  /** The project's network, made when it has none. Throws network.exhausted. */
  ensure(project: string): Promise<Network>;
  get(project: string): Network | undefined;
  /** Forgets it. Hand its `teardown` to the kernel first. */
  remove(project: string): Promise<void>;
  /** Sorted by project. */
  list(): readonly Network[];
}

/** The real name of a project's own network, as Compose has it. */
export function networkName(project: string): string {
  return `${project}_default`;
}

/** Opens `<root>/networks`, one JSON file `{project, subnet}` per project. Throws internal for a file that is neither. */
export async function openNetworks(root: string): Promise<Networks> {
  const folder = join(root, "networks");
  const file = (project: string) => join(folder, `${project}.json`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const networks = new Map<string, Network>();
  for (const name of (await readdir(folder)).sort()) {
    if (!name.endsWith(".json")) continue; // a temporary file of a write that was cut off
    const network = await load(join(folder, name));
    networks.set(network.project, network);
  }

  let last: Promise<unknown> = Promise.resolve();
  // One change at a time: two projects at once must not choose the same subnet.
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = last.then(change);
    last = result.catch(() => undefined);
    return result;
  }

  return {
    ensure: (project) =>
      inTurn(async () => {
        const existing = networks.get(project);
        if (existing !== undefined) return existing;
        if (!/^[a-z0-9][a-z0-9_-]*$/.test(project))
          throw new GantryError("request.invalid", `"${project}" is not a project's name`);
        const routes = parseRoutes(await readFile("/proc/net/route", "utf8"));
        const used = [...networks.values()].map((network) => network.subnet);
        const subnet = chooseSubnet(used, routes, `${root}\0${project}`);
        await writeJson(file(project), { project, subnet: formatSubnet(subnet) });
        const network = describe(project, subnet);
        networks.set(project, network);
        return network;
      }),
    get: (project) => networks.get(project),
    remove: (project) =>
      inTurn(async () => {
        if (!networks.has(project)) return;
        await rm(file(project), { force: true });
        await syncFolder(folder);
        networks.delete(project);
      }),
    list: () => [...networks.values()].sort((a, b) => (a.project < b.project ? -1 : 1)),
  };
}

function describe(project: string, subnet: Subnet): Network {
  const gateway = gatewayOf(subnet);
  return {
    project,
    subnet,
    gateway: formatAddress(gateway),
    setup: structure(addNetworkRules(subnet), gatewayAddress("add", gateway)),
    teardown: structure(deleteNetworkRules(subnet), gatewayAddress("delete", gateway)),
  };
}

async function load(path: string): Promise<Network> {
  try {
    const value = (await readJson(path)) as { project?: unknown; subnet?: unknown } | null | undefined;
    if (typeof value?.project !== "string" || typeof value.subnet !== "string")
      throw new TypeError("project or subnet is missing");
    return describe(value.project, parseSubnet(value.subnet));
  } catch (error) {
    throw new GantryError("internal", `${path} is not a network's record: ${messageOf(error)}`, {
      cause: error,
      next: "remove the file; the project gets a new network at its next apply",
    });
  }
}
