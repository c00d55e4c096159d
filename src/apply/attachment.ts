import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../error.ts";
import { AddressPool } from "../net/allocate.ts";
import type { Firewall } from "../net/firewall/firewall.ts";
import { hostsFile } from "../net/hosts.ts";
import { formatAddress, formatSubnet, parseAddress } from "../net/ipv4.ts";
import type { Names } from "../net/names/names.ts";
import { containerLink, linkIndex } from "../net/netlink/container-link.ts";
import { networkName, type Network, type Networks } from "../net/networks.ts";
import { networkResolvConf, ownResolvConf, resolvConf } from "../net/resolv-conf.ts";
import { hostnameOf } from "../runtime/command.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import type { HostFile, LaunchLink } from "../runtime/compile.ts";
import { PlanWriter } from "../runtime/plan/encode.ts";
import { runFolder } from "../runtime/places.ts";
import type { Runtime } from "../runtime/runtime.ts";

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

/** How containers are attached to their project's network: addresses, links, and the files by which names are found. */
export class Attachment {
  readonly #run: string;
  readonly #runtime: Runtime;
  readonly #networks: Networks;
  readonly #names: Names;
  readonly #firewall: Firewall;
  /** The host's /etc/resolv.conf. */
  readonly #hostResolver: string;
  readonly #pools = new Map<string, AddressPool>();
  readonly #ipv6 = existsSync("/proc/sys/net/ipv6");

  private constructor({ run, runtime, networks, names, firewall }: AttachmentOptions, hostResolver: string) {
    this.#run = run;
    this.#runtime = runtime;
    this.#networks = networks;
    this.#names = names;
    this.#firewall = firewall;
    this.#hostResolver = hostResolver;
  }

  /** Tells the kernel of every network again, and restores the addresses that records hold. */
  static async open(options: AttachmentOptions): Promise<Attachment> {
    const { runtime, networks, names } = options;
    const host = await readFile(HOST_RESOLV_CONF, "utf8").catch(() => "");
    const attachment = new Attachment(options, host);
    for (const network of networks.list()) await attachment.#setUp(network);
    await names.sweep();
    void options.firewall.sync(); // what a former daemon wrote is still there
    for (const { id, owner, address } of runtime.records.list())
      if (owner !== undefined && address !== undefined)
        attachment.#pools.get(owner.project)?.restore(id, parseAddress(address));
    return attachment;
  }

  async createNetwork(project: string): Promise<void> {
    const network = await this.#networks.ensure(project);
    await Promise.all([this.#setUp(network), this.#firewall.sync()]);
  }

  async removeNetwork(project: string): Promise<void> {
    const network = this.#networks.get(project);
    if (network === undefined) return;
    await this.#names.remove(networkName(project));
    await this.#netlink(network.teardown, ["ENOENT", "ESRCH", "EADDRNOTAVAIL"]);
    await this.#networks.remove(project);
    this.#pools.delete(project);
    await this.#firewall.sync();
  }

  /** An address for a container; the one it had under this name before, where that is free. */
  take(project: string, id: string, name: string): string {
    return formatAddress(this.#pool(project).take(id, name));
  }

  release(project: string, id: string): void {
    this.#pools.get(project)?.release(id);
  }

  /** The link of a container that is about to start. */
  link(project: string, address: string): LaunchLink {
    const network = this.#networks.get(project);
    if (network === undefined) throw new GantryError("internal", `project ${project} has no network`);
    const { host, container } = containerLink({
      hostName: `gt${randomBytes(6).toString("hex")}`,
      hostIndex: linkIndex(),
      address,
      gateway: network.gateway,
      ipv6: this.#ipv6,
    });
    return { host: host.messages, pidOffset: host.pidOffset, container };
  }

  /** Files a container of a project sees, written anew at each start. */
  files(project: string, record: ContainerRecord): readonly HostFile[] {
    const folder = runFolder(this.#run, record.id);
    const resolver = this.#resolvConf(project, record);
    return [
      { source: join(folder, "hosts"), target: "/etc/hosts", text: this.#hosts(project, record) },
      resolver === undefined
        ? { source: HOST_RESOLV_CONF, target: HOST_RESOLV_CONF }
        : { source: join(folder, "resolv.conf"), target: HOST_RESOLV_CONF, text: resolver },
    ];
  }

  /** Its own name, as docker has it, and what the file adds; the others are found by asking. */
  #hosts(project: string, { id, config, address }: ContainerRecord): string {
    const hostname = hostnameOf(id, config);
    const full = config.domainname === undefined ? [] : [`${hostname}.${config.domainname}`];
    const own = address === undefined ? [] : [{ address, names: [...full, hostname] }];
    const gateway = this.#networks.get(project)?.gateway ?? "";
    const host = config.namespaces?.network === "host" ? "127.0.0.1" : gateway;
    const extra = (config.extraHosts ?? []).map((entry) => ({
      address: entry.address === HOST_GATEWAY ? host : entry.address,
      names: [entry.name],
    }));
    return hostsFile([...own, ...extra]);
  }

  /** Undefined: the host's own file. */
  #resolvConf(project: string, { config }: ContainerRecord): string | undefined {
    const { resolver, namespaces } = config;
    const network = this.#networks.get(project);
    // In the host's network namespace its resolvers on loopback can be reached.
    if (namespaces?.network === "host")
      return resolver === undefined ? undefined : ownResolvConf(this.#hostResolver, resolver);
    if (namespaces?.network === "none" || network === undefined)
      return ownResolvConf(resolvConf(this.#hostResolver), resolver ?? {});
    return networkResolvConf(this.#hostResolver, [network.gateway], resolver);
  }

  #pool(project: string): AddressPool {
    const pool = this.#pools.get(project);
    if (pool === undefined) throw new GantryError("internal", `project ${project} has no network`);
    return pool;
  }

  async #setUp(network: Network): Promise<void> {
    await this.#netlink(network.setup, ["EEXIST"]);
    if (!this.#pools.has(network.project)) this.#pools.set(network.project, new AddressPool(network.subnet));
    await this.#names.serve({
      network: networkName(network.project),
      addresses: [network.gateway],
      subnets: [formatSubnet(network.subnet)],
      forward: true,
    });
  }

  async #netlink(messages: Uint8Array, tolerated: readonly string[]): Promise<void> {
    const plan = new PlanWriter().add("netlink", HOST_NAMESPACE, messages, NO_PID).bytes();
    await this.#runtime.launcher.execute(plan, tolerated);
  }
}
