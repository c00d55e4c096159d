import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, statSync, writeFileSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GantryError } from "../error.ts";
import { AddressPool } from "../net/allocate.ts";
import { hostsFile, ownResolvConf, resolvConf } from "../net/hosts.ts";
import { formatAddress, parseAddress } from "../net/ipv4.ts";
import { containerLink, linkIndex } from "../net/netlink/container-link.ts";
import type { Network, Networks } from "../net/networks.ts";
import type { ContainerConfig, ContainerRecord } from "../runtime/container.ts";
import type { LaunchLink } from "../runtime/compile.ts";
import { PlanWriter } from "../runtime/plan/encode.ts";
import { runFolder } from "../runtime/places.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { Coalesce } from "../host/coalesce.ts";

const HOST_NAMESPACE = 0;
const HOST_RESOLV_CONF = "/etc/resolv.conf";
/** As docker: this machine, as a container reaches it. */
const HOST_GATEWAY = "host-gateway";
/** In a burst of starts the names of several go into the file at once. */
const HOSTS_REST_MS = 4;
const NO_PID = -1;
/** Mode of files that every user inside reads. */
const EVERYBODY = 0o644;

/** How containers are attached to their project's network: addresses, links, names. */
export class Attachment {
  readonly #run: string;
  readonly #runtime: Runtime;
  readonly #networks: Networks;
  readonly #pools = new Map<string, AddressPool>();
  readonly #ipv6 = existsSync("/proc/sys/net/ipv6");
  readonly #hosts = new Coalesce((project) => this.#writeHosts(project), HOSTS_REST_MS);

  private constructor(run: string, runtime: Runtime, networks: Networks) {
    this.#run = run;
    this.#runtime = runtime;
    this.#networks = networks;
  }

  /** Tells the kernel of every network again, and restores the addresses that records hold. */
  static async open(run: string, runtime: Runtime, networks: Networks): Promise<Attachment> {
    const attachment = new Attachment(run, runtime, networks);
    const host = await readFile(HOST_RESOLV_CONF, "utf8").catch(() => "");
    writeForEverybody(join(run, "resolv.conf"), resolvConf(host));
    for (const network of networks.list()) await attachment.#setUp(network);
    for (const { id, owner, address } of runtime.records.list())
      if (owner !== undefined && address !== undefined)
        attachment.#pools.get(owner.project)?.restore(id, parseAddress(address));
    return attachment;
  }

  async createNetwork(project: string): Promise<void> {
    await this.#setUp(await this.#networks.ensure(project));
  }

  async removeNetwork(project: string): Promise<void> {
    const network = this.#networks.get(project);
    if (network === undefined) return;
    await this.#netlink(network.teardown, ["ENOENT", "ESRCH"]);
    await this.#networks.remove(project);
    this.#pools.delete(project);
    await rm(this.#hostsPath(project), { force: true });
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

  /** Files a container of a project sees: its own where it asked for more than the project's. */
  async files(
    project: string,
    { id, config }: ContainerRecord,
  ): Promise<readonly { readonly source: string; readonly target: string }[]> {
    const hosts = config.extraHosts === undefined ? this.#hostsPath(project) : this.#ownFile(id, "hosts");
    return [
      { source: hosts, target: "/etc/hosts" },
      { source: await this.#resolvConf(id, config), target: "/etc/resolv.conf" },
    ];
  }

  async #resolvConf(id: string, { resolver, namespaces }: ContainerConfig): Promise<string> {
    // In the host's network namespace its resolvers on loopback can be reached.
    const host = namespaces?.network === "host";
    if (resolver === undefined) return host ? HOST_RESOLV_CONF : join(this.#run, "resolv.conf");
    const base = await readFile(host ? HOST_RESOLV_CONF : join(this.#run, "resolv.conf"), "utf8").catch(
      () => "",
    );
    const path = this.#ownFile(id, "resolv.conf");
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    writeForEverybody(path, ownResolvConf(base, resolver));
    return path;
  }

  #ownFile(id: string, name: string): string {
    return join(runFolder(this.#run, id), name);
  }

  /** Brings /etc/hosts of all containers of a project up to date. */
  async updateHosts(project: string): Promise<void> {
    if (this.#networks.get(project) !== undefined) await this.#hosts.request(project);
  }

  #hostsPath(project: string): string {
    return join(this.#run, `hosts.${project}`);
  }

  // In place, since containers have the file itself mounted: a rename would leave them with the old one.
  async #writeHosts(project: string): Promise<void> {
    const mine = this.#runtime.records.list().filter(({ owner }) => owner?.project === project);
    const entries = mine.flatMap(hostEntry);
    writeForEverybody(this.#hostsPath(project), hostsFile(entries));
    const gateway = this.#networks.get(project)?.gateway ?? "";
    for (const { id, config } of mine) {
      if (config.extraHosts === undefined) continue;
      const loopback = config.namespaces?.network === "host" ? "127.0.0.1" : gateway;
      const extra = config.extraHosts.map(({ name, address }) => ({
        address: address === HOST_GATEWAY ? loopback : address,
        names: [name],
      }));
      const path = this.#ownFile(id, "hosts");
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      writeForEverybody(path, hostsFile([...entries, ...extra]));
    }
  }

  #pool(project: string): AddressPool {
    const pool = this.#pools.get(project);
    if (pool === undefined) throw new GantryError("internal", `project ${project} has no network`);
    return pool;
  }

  async #setUp(network: Network): Promise<void> {
    await this.#netlink(network.setup, ["EEXIST"]);
    if (!this.#pools.has(network.project)) this.#pools.set(network.project, new AddressPool(network.subnet));
    await this.updateHosts(network.project);
  }

  async #netlink(messages: Uint8Array, tolerated: readonly string[]): Promise<void> {
    const plan = new PlanWriter().add("netlink", HOST_NAMESPACE, messages, NO_PID).bytes();
    await this.#runtime.launcher.execute(plan, tolerated);
  }
}

/** Readable to every user inside, whatever the daemon's umask. */
function writeForEverybody(path: string, text: string): void {
  // In memory, below the run folder: several times cheaper than trips through the thread pool, at every start.
  writeFileSync(path, text);
  if ((statSync(path).mode & 0o777) !== EVERYBODY) chmodSync(path, EVERYBODY);
}

function hostEntry({ id, name, owner, address, config }: ContainerRecord) {
  if (owner === undefined || address === undefined) return [];
  const hostname = config.hostname ?? id.slice(0, 12);
  const full = config.domainname === undefined ? [] : [`${hostname}.${config.domainname}`];
  return [{ address, names: [name, `${owner.service}-${owner.number}`, owner.service, hostname, ...full] }];
}
