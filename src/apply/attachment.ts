import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import { Serial } from "../host/serial.ts";
import { AddressPool } from "../net/allocate.ts";
import { defaultNetwork, type NetworkDefinition, networkName, NO_PROJECT } from "../net/definition.ts";
import type { Firewall } from "../net/firewall/firewall.ts";
import { hostsFile } from "../net/hosts.ts";
import { formatAddress, formatSubnet, parseAddress } from "../net/ipv4.ts";
import type { Names } from "../net/names/names.ts";
import { containerLink, type ContainerLink, linkIndex } from "../net/netlink/container-link.ts";
import type { Network, Networks } from "../net/networks.ts";
import { networkResolvConf, ownResolvConf, resolvConf } from "../net/resolv-conf.ts";
import { hostnameOf } from "../runtime/command.ts";
import type { ContainerNetwork, ContainerRecord, NetworkAttachment } from "../runtime/container.ts";
import type { HostFile, LaunchLink } from "../runtime/compile.ts";
import { PlanWriter } from "../runtime/plan/encode.ts";
import { runFolder } from "../runtime/places.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { routesTo } from "../net/route-table.ts";
import { LiveLinks } from "./live-links.ts";
import { attachmentsOf } from "./network-attachments.ts";
import { scopeOf } from "./scope.ts";

const HOST_NAMESPACE = 0;
const HOST_RESOLV_CONF = "/etc/resolv.conf";
/** As docker: this machine, as a container reaches it. */
const HOST_GATEWAY = "host-gateway";
const NO_PID = -1;

export interface AttachmentOptions {
  readonly run: string;
  readonly runtime: Runtime;
  readonly networks: Networks;
  readonly names: Names;
  readonly firewall: Firewall;
}

/** What a container's record says of its networks. */
export type Addresses = Pick<ContainerRecord, "address" | "networks">;

/** How containers are attached to networks: addresses, links, and the files by which names are found. */
export class Attachment {
  readonly #run: string;
  readonly #runtime: Runtime;
  readonly #networks: Networks;
  readonly #names: Names;
  readonly #firewall: Firewall;
  /** The host's /etc/resolv.conf. */
  readonly #hostResolver: string;
  /** By the network's name. */
  readonly #pools = new Map<string, AddressPool>();
  readonly #serial = new Serial();
  readonly #live: LiveLinks;
  readonly #ipv6 = existsSync("/proc/sys/net/ipv6");

  private constructor({ run, runtime, networks, names, firewall }: AttachmentOptions, hostResolver: string) {
    this.#run = run;
    this.#runtime = runtime;
    this.#networks = networks;
    this.#names = names;
    this.#firewall = firewall;
    this.#hostResolver = hostResolver;
    this.#live = new LiveLinks(runtime);
  }

  /** Tells the kernel of every network again, and restores the addresses that records hold. */
  static async open(options: AttachmentOptions): Promise<Attachment> {
    const { runtime, networks, names } = options;
    const host = await readFile(HOST_RESOLV_CONF, "utf8").catch(() => "");
    const attachment = new Attachment(options, host);
    for (const network of networks.list()) await attachment.#setUp(network);
    await names.sweep();
    void options.firewall.sync(); // what a former daemon wrote is still there
    for (const record of runtime.records.list())
      for (const { network, address } of attachmentsOf(record))
        attachment.#pools.get(network)?.restore(record.id, parseAddress(address));
    await attachment.#removeUnneeded(); // one that a crash left
    return attachment;
  }

  /** Makes a network where there is none of that name. Throws network.exhausted, conflict, request.invalid. */
  async createNetwork(definition: NetworkDefinition): Promise<Network> {
    const network = await this.#networks.ensure(definition);
    await Promise.all([this.#setUp(network), this.#firewall.sync()]);
    return network;
  }

  /** Throws conflict while a container is in it. */
  async removeNetwork(name: string): Promise<void> {
    const network = this.#networks.get(name);
    if (network === undefined) return;
    const user = this.#runtime.records
      .list()
      .find((record) => attachmentsOf(record).some((attachment) => attachment.network === name));
    if (user !== undefined)
      throw new GantryError("conflict", `network ${name} is in use by container ${user.name}`, {
        next: `gantry network disconnect ${name} ${user.name}, or remove the container`,
      });
    await this.#names.remove(name);
    await this.#netlink(this.#networks.teardown(network), ["ENOENT", "ESRCH", "EADDRNOTAVAIL"]);
    await this.#networks.remove(name);
    this.#pools.delete(name);
    await this.#firewall.sync();
  }

  /**
   * Addresses for a container, in each of its networks; those it had under this name before, where they are free. The
   * network of containers without a project is there for as long as somebody is in it. Throws conflict for an address
   * that is taken or a network that is not there.
   */
  async take(container: Pick<ContainerRecord, "id" | "name" | "owner" | "config">): Promise<Addresses> {
    const { id, name, config } = container;
    if (config.namespaces?.network !== undefined) return {};
    const { project } = scopeOf(container);
    if (config.networks !== undefined) return this.#takeEach(id, name, config.networks);
    if (project !== NO_PROJECT)
      return { address: this.#take(id, name, { name: networkName(project) }).address };
    return await this.#serial.run(project, async () => {
      await this.createNetwork(defaultNetwork(project));
      return { address: this.#take(id, name, { name: networkName(project) }).address };
    });
  }

  #takeEach(id: string, name: string, networks: readonly ContainerNetwork[]): Addresses {
    const taken: NetworkAttachment[] = [];
    try {
      for (const network of networks) taken.push(this.#take(id, name, network));
    } catch (error) {
      for (const { network } of taken) this.#pools.get(network)?.release(id);
      throw error;
    }
    const [first] = taken;
    return { ...(first && { address: first.address }), networks: taken };
  }

  #take(
    id: string,
    container: string,
    { name: network, address, ...more }: ContainerNetwork,
  ): NetworkAttachment {
    const pool = this.#pool(network);
    if (address === undefined) return { network, address: formatAddress(pool.take(id, container)), ...more };
    pool.claim(id, parseAddress(address));
    return { network, address, ...more };
  }

  /** Of a container that is gone. */
  async release(record: ContainerRecord): Promise<void> {
    for (const { network } of attachmentsOf(record)) this.#pools.get(network)?.release(record.id);
    if (record.owner === undefined) await this.#removeUnneeded();
  }

  async #removeUnneeded(): Promise<void> {
    const name = networkName(NO_PROJECT);
    await this.#serial.run(NO_PROJECT, async () => {
      if (this.#pools.get(name)?.empty === true) await this.removeNetwork(name);
    });
  }

  /** The links of a container that is about to start. */
  links(record: ContainerRecord): readonly LaunchLink[] {
    const attachments = attachmentsOf(record);
    const way = this.#wayOut(attachments);
    return attachments.map((attachment, number) => {
      const { host, container } = containerLink({
        ...this.#link(attachment, attachment === way),
        hostName: `gt${randomBytes(6).toString("hex")}`,
        hostIndex: linkIndex(),
        number,
      });
      return { host: host.messages, pidOffset: host.pidOffset, container };
    });
  }

  #link(
    { network: name, address, hardwareAddress }: NetworkAttachment,
    wayOut: boolean,
  ): Omit<ContainerLink, "hostName" | "hostIndex" | "number"> {
    const { gateway, subnet, mtu } = this.#network(name);
    return {
      address,
      gateway,
      ipv6: this.#ipv6,
      ...(!wayOut && { reaches: subnet }),
      ...(hardwareAddress !== undefined && { hardwareAddress }),
      ...(mtu !== undefined && { mtu }),
    };
  }

  /**
   * Puts a container into one more network; one that runs is there at once. Returns what its record is to say. Throws
   * conflict when it is in there already or has no network of its own.
   */
  async connect(record: ContainerRecord, network: ContainerNetwork): Promise<Required<Addresses>> {
    const attachments = attachmentsOf(record);
    if (record.config.namespaces?.network !== undefined || attachments.length === 0)
      throw new GantryError(
        "conflict",
        `container ${record.name} has no network of its own to add another to`,
      );
    if (attachments.some((attachment) => attachment.network === network.name))
      throw new GantryError("conflict", `container ${record.name} is in network ${network.name} already`);
    const added = this.#take(record.id, record.name, network);
    const process = this.#runtime.identity(record.id);
    try {
      const wayOut = this.#wayOut(attachments) === undefined && this.#wayOut([added]) !== undefined;
      if (process !== undefined) await this.#live.connect(process, this.#link(added, wayOut));
    } catch (error) {
      this.#pools.get(network.name)?.release(record.id);
      throw error;
    }
    return { address: record.address ?? added.address, networks: [...attachments, added] };
  }

  /** Takes a container out of a network. Returns what its record is to say. Throws conflict when it is not in there. */
  async disconnect(record: ContainerRecord, name: string): Promise<Required<Addresses>> {
    const attachments = attachmentsOf(record);
    const leaving = attachments.find(({ network }) => network === name);
    const left = attachments.filter((attachment) => attachment !== leaving);
    const [first] = left;
    if (leaving === undefined)
      throw new GantryError("conflict", `container ${record.name} is not in network ${name}`);
    if (first === undefined)
      throw new GantryError("conflict", `${name} is the only network of container ${record.name}`, {
        next: "connect it to another first, or stop it",
      });
    if (this.#runtime.identity(record.id) !== undefined) await this.#live.disconnect(leaving.address);
    this.#pools.get(name)?.release(record.id);
    return { address: first.address, networks: left };
  }

  /** Makes the rules of networks and the host's addresses in them anew, where somebody took one away. */
  async repairNetworks(): Promise<void> {
    for (const network of this.#networks.list())
      await this.#netlink(this.#networks.setup(network), ["EEXIST"]);
  }

  /** Makes links of running containers anew whose route somebody took away; returns which, in words. */
  async repairLinks(): Promise<readonly string[]> {
    const repaired: string[] = [];
    const routes = routesTo(await readFile("/proc/net/route", "utf8"));
    for (const record of this.#runtime.records.list()) {
      const attachments = attachmentsOf(record);
      if (attachments.every(({ address }) => routes.has(address))) continue;
      const process = this.#runtime.identity(record.id);
      if (process === undefined) continue;
      const way = this.#wayOut(attachments);
      for (const [number, attachment] of attachments.entries()) {
        if (routes.has(attachment.address)) continue;
        await this.#live.restore(process, { ...this.#link(attachment, attachment === way), number });
        repaired.push(`${record.name} in ${attachment.network}`);
      }
    }
    return repaired;
  }

  /** The network that has the default route: the first with a way out. */
  #wayOut(attachments: readonly NetworkAttachment[]): NetworkAttachment | undefined {
    return attachments.find(({ network }) => this.#networks.get(network)?.internal === false);
  }

  /** Files a container sees, written anew at each start. */
  files(record: ContainerRecord): readonly HostFile[] {
    const folder = runFolder(this.#run, record.id);
    const gateway = this.#gateway(record);
    const resolver = this.#resolvConf(record, gateway);
    return [
      { source: join(folder, "hosts"), target: "/etc/hosts", text: hosts(record, gateway) },
      resolver === undefined
        ? { source: HOST_RESOLV_CONF, target: HOST_RESOLV_CONF }
        : { source: join(folder, "resolv.conf"), target: HOST_RESOLV_CONF, text: resolver },
    ];
  }

  /** The host's address as a container knows it; of one that shares its namespace, in its project's own network. */
  #gateway(record: ContainerRecord): string | undefined {
    const attachments = attachmentsOf(record);
    const [first] = attachments;
    const network = (this.#wayOut(attachments) ?? first)?.network ?? networkName(scopeOf(record).project);
    return this.#networks.get(network)?.gateway;
  }

  /** Undefined: the host's own file. */
  #resolvConf({ config }: ContainerRecord, gateway: string | undefined): string | undefined {
    const { resolver, namespaces } = config;
    // In the host's network namespace its resolvers on loopback can be reached.
    if (namespaces?.network === "host")
      return resolver === undefined ? undefined : ownResolvConf(this.#hostResolver, resolver);
    if (namespaces?.network === "none" || gateway === undefined)
      return ownResolvConf(resolvConf(this.#hostResolver), resolver ?? {});
    return networkResolvConf(this.#hostResolver, [gateway], resolver);
  }

  #network(name: string): Network {
    const network = this.#networks.get(name);
    if (network !== undefined) return network;
    throw new GantryError("conflict", `there is no network ${name}`, {
      next: `gantry network create ${name}`,
    });
  }

  #pool(name: string): AddressPool {
    const pool = this.#pools.get(this.#network(name).name);
    if (pool === undefined) throw new GantryError("internal", `network ${name} has no addresses`);
    return pool;
  }

  async #setUp(network: Network): Promise<void> {
    const { name, subnet, gateway, internal } = network;
    await this.#netlink(this.#networks.setup(network), ["EEXIST"]);
    if (!this.#pools.has(name)) this.#pools.set(name, new AddressPool(subnet, parseAddress(gateway)));
    await this.#names.serve({
      network: name,
      addresses: [gateway],
      subnets: [formatSubnet(subnet)],
      forward: !internal,
    });
  }

  async #netlink(messages: Uint8Array, tolerated: readonly string[]): Promise<void> {
    const plan = new PlanWriter().add("netlink", HOST_NAMESPACE, messages, NO_PID).bytes();
    await this.#runtime.launcher.execute(plan, tolerated);
  }
}

/** Its own name, as docker has it, and what the file adds; the others are found by asking. */
function hosts({ id, config, address }: ContainerRecord, gateway = ""): string {
  const hostname = hostnameOf(id, config);
  const full = config.domainname === undefined ? [] : [`${hostname}.${config.domainname}`];
  const own = address === undefined ? [] : [{ address, names: [...full, hostname] }];
  const host = config.namespaces?.network === "host" ? "127.0.0.1" : gateway;
  const extra = (config.extraHosts ?? []).map((entry) => ({
    address: entry.address === HOST_GATEWAY ? host : entry.address,
    names: [entry.name],
  }));
  return hostsFile([...own, ...extra]);
}
