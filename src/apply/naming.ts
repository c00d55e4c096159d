import { Coalesce } from "../host/coalesce.ts";
import type { Names } from "../net/names/names.ts";
import type { NameEntry, ServicePort } from "../net/names/zone.ts";
import { networkName } from "../net/networks.ts";
import type { Proxy } from "../net/proxy.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import { hostnameOf } from "../runtime/command.ts";
import type { Readiness } from "./readiness.ts";

/** In a burst of starts the names of several go to the responder at once. */
const REST_MS = 4;

/** Keeps the name responder's table true: which containers of a project are found, and by which names. */
export class Naming {
  readonly #names: Names;
  readonly #readiness: Readiness;
  readonly #proxy: Proxy;
  /** An entry stays the same object while nothing about it changes: only what differs is sent. */
  readonly #entries = new WeakMap<ContainerRecord, { readonly ports: string; readonly entry: NameEntry }>();
  readonly #sync = new Coalesce((project) => this.#send(project), REST_MS);

  constructor(names: Names, readiness: Readiness, proxy: Proxy) {
    this.#names = names;
    this.#readiness = readiness;
    this.#proxy = proxy;
  }

  /** Brings the names of a project's containers up to date with what is ready. */
  async sync(project: string): Promise<void> {
    await this.#sync.request(project);
  }

  async #send(project: string): Promise<void> {
    const ports = this.#ports(project);
    const found = this.#readiness.of(project).flatMap((record) => {
      const entry = this.#entry(record, ports.get(record.owner?.service ?? "") ?? []);
      return entry === undefined ? [] : [[record.id, entry] as const];
    });
    await this.#names.update(networkName(project), new Map(found));
  }

  #ports(project: string): ReadonlyMap<string, readonly ServicePort[]> {
    const ports = new Map<string, ServicePort[]>();
    for (const { project: owner, service, protocol, containerPort } of this.#proxy.published()) {
      if (owner !== project) continue;
      const list = ports.get(service) ?? [];
      if (!list.some((other) => other.port === containerPort && other.protocol === protocol))
        list.push({ port: containerPort, protocol });
      ports.set(service, list);
    }
    return ports;
  }

  #entry(record: ContainerRecord, ports: readonly ServicePort[]): NameEntry | undefined {
    const { address, config } = record;
    if (address === undefined) return undefined;
    const key = ports.map(({ port, protocol }) => `${port}/${protocol}`).join(" ");
    const kept = this.#entries.get(record);
    if (kept?.ports === key) return kept.entry;
    const upstream = config.resolver?.servers;
    const entry = { names: namesOf(record), addresses: [address], ports, ...(upstream && { upstream }) };
    this.#entries.set(record, { ports: key, entry });
    return entry;
  }
}

/** The container's own name first. */
function namesOf({ id, name, owner, config }: ContainerRecord): readonly string[] {
  const hostname = hostnameOf(id, config);
  const full = config.domainname === undefined ? [] : [`${hostname}.${config.domainname}`];
  const replica = owner === undefined ? [] : [owner.service, `${owner.service}-${owner.number}`];
  return [...new Set([name, ...replica, hostname, ...full, id.slice(0, 12)])];
}
