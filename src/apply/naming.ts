import { Coalesce } from "../host/coalesce.ts";
import type { Names } from "../net/names/names.ts";
import type { NameEntry, ServicePort } from "../net/names/zone.ts";
import type { Proxy } from "../net/proxy.ts";
import type { ContainerRecord, NetworkAttachment } from "../runtime/container.ts";
import { hostnameOf } from "../runtime/command.ts";
import { attachmentsOf } from "./network-attachments.ts";
import type { Readiness } from "./readiness.ts";
import { scopeOf } from "./scope.ts";

/** In a burst of starts the names of several go to the responder at once. */
const REST_MS = 4;

/** Keeps the name responder's table true: which containers of a network are found, and by which names. */
export class Naming {
  readonly #names: Names;
  readonly #readiness: Readiness;
  readonly #proxy: Proxy;
  /** An entry stays the same object while nothing about it changes: only what differs is sent. */
  readonly #entries = new WeakMap<NetworkAttachment, { readonly key: string; readonly entry: NameEntry }>();
  /** What attachmentsOf makes anew each time, once for each record. */
  readonly #attachments = new WeakMap<ContainerRecord, readonly NetworkAttachment[]>();
  readonly #sync = new Coalesce((network) => this.#send(network), REST_MS);

  constructor(names: Names, readiness: Readiness, proxy: Proxy) {
    this.#names = names;
    this.#readiness = readiness;
    this.#proxy = proxy;
  }

  /** Brings the names in all networks of a container up to date. */
  async syncOf(record: ContainerRecord): Promise<void> {
    await Promise.all(this.#of(record).map(({ network }) => this.sync(network)));
  }

  /** Brings the names in a network up to date with who is ready. */
  async sync(network: string): Promise<void> {
    await this.#sync.request(network);
  }

  async #send(network: string): Promise<void> {
    const ports = this.#ports();
    const found = this.#readiness.all().flatMap((record) => {
      const attachment = this.#of(record).find((one) => one.network === network);
      if (attachment === undefined) return [];
      const { project, service } = scopeOf(record);
      return [
        [record.id, this.#entry(record, attachment, ports.get(`${project}/${service}`) ?? [])] as const,
      ];
    });
    await this.#names.update(network, new Map(found));
  }

  #of(record: ContainerRecord): readonly NetworkAttachment[] {
    const known = this.#attachments.get(record) ?? attachmentsOf(record);
    this.#attachments.set(record, known);
    return known;
  }

  /** The published ports, by project and service. */
  #ports(): ReadonlyMap<string, readonly string[]> {
    const ports = new Map<string, string[]>();
    for (const { project, service, protocol, containerPort } of this.#proxy.published()) {
      const key = `${project}/${service}`;
      ports.set(key, [...(ports.get(key) ?? []), `${containerPort}/${protocol}`]);
    }
    return ports;
  }

  #entry(record: ContainerRecord, attachment: NetworkAttachment, published: readonly string[]): NameEntry {
    const { config } = record;
    const ports = [...new Set([...published, ...(config.exposed ?? [])])];
    const key = ports.join(" ");
    const kept = this.#entries.get(attachment);
    if (kept?.key === key) return kept.entry;
    const also = this.#of(record).flatMap(({ network }) => (network === attachment.network ? [] : [network]));
    const upstream = config.resolver?.servers;
    const entry: NameEntry = {
      names: namesOf(record, attachment),
      addresses: [attachment.address],
      ports: ports.map(servicePort),
      ...(upstream && { upstream }),
      ...(config.links && { links: config.links }),
      ...(also.length > 0 && { also }),
    };
    this.#entries.set(attachment, { key, entry });
    return entry;
  }
}

/** The container's own name first. */
function namesOf(
  { id, name, owner, config }: ContainerRecord,
  { aliases = [] }: NetworkAttachment,
): readonly string[] {
  const hostname = hostnameOf(id, config);
  const full = config.domainname === undefined ? [] : [`${hostname}.${config.domainname}`];
  const replica = owner === undefined ? [] : [owner.service, `${owner.service}-${owner.number}`];
  return [...new Set([name, ...replica, ...aliases, hostname, ...full, id.slice(0, 12)])];
}

/** `8080/tcp` */
function servicePort(text: string): ServicePort {
  const [port, protocol] = text.split("/");
  return { port: Number(port), protocol: protocol === "udp" ? "udp" : "tcp" };
}
