import { listenerId } from "../net/listener.ts";
import type { Proxy } from "../net/proxy.ts";
import type { PublishedPort } from "../observe/snapshot.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import { Coalesce } from "../host/coalesce.ts";
import { Serial } from "../host/serial.ts";
import type { Readiness } from "./readiness.ts";
import { scopeOf } from "./scope.ts";

/** Keeps the proxy's table true: which ports a project has, and which containers answer behind them. */
export class Endpoints {
  readonly #readiness: Readiness;
  readonly #proxy: Proxy;
  readonly #serial = new Serial();
  readonly #sync = new Coalesce((project) => this.#send(project));

  constructor(readiness: Readiness, proxy: Proxy) {
    this.#readiness = readiness;
    this.#proxy = proxy;
  }

  /** Makes a service's listeners exactly these. Throws port.taken, and then nothing has changed. */
  async publish(project: string, service: string, ports: readonly PublishedPort[]): Promise<void> {
    await this.#serial.run(`${project}/${service}`, async () => {
      await this.#proxy.listen(ports);
      const wanted = new Set(ports.map(listenerId));
      const gone = this.#proxy
        .published()
        .filter((port) => port.project === project && port.service === service)
        .map(listenerId)
        .filter((id) => !wanted.has(id));
      await this.#proxy.unlisten(gone);
    });
    await this.sync(project);
  }

  /** Brings the endpoints of a project's ports up to date with what runs. */
  async sync(project: string): Promise<void> {
    await this.#sync.request(project);
  }

  /** Waits for the connections of a container that is leaving, for up to `graceMs`, then resets them. */
  async drain(record: ContainerRecord, graceMs: number, signal: AbortSignal): Promise<void> {
    const { owner, address } = record;
    // Without a project there is no other replica that could serve meanwhile.
    if (owner === undefined || address === undefined) return;
    const { project, service } = owner;
    if (!this.#proxy.published().some((port) => port.project === project && port.service === service)) return;
    await this.sync(project);
    await this.#proxy.drain(address, graceMs, signal);
  }

  /** The TCP ports of a container that its service publishes. */
  tcpPorts({ owner }: ContainerRecord): readonly number[] {
    return this.#proxy
      .published()
      .filter(
        ({ project, service, protocol }) =>
          protocol === "tcp" && project === owner?.project && service === owner.service,
      )
      .map(({ containerPort }) => containerPort);
  }

  async #send(project: string): Promise<void> {
    if (!this.#proxy.published().some((port) => port.project === project)) return;
    const addresses = new Map<string, string[]>();
    for (const record of this.#readiness.of(project)) {
      if (record.address === undefined) continue;
      const { service } = scopeOf(record);
      const list = addresses.get(service) ?? [];
      list.push(record.address);
      addresses.set(service, list);
    }
    for (const port of this.#proxy.published()) {
      if (port.project !== project) continue;
      const id = listenerId(port);
      // One that was let go meanwhile has no endpoints to be told of.
      await this.#proxy
        .setEndpoints(id, (addresses.get(port.service) ?? []).sort())
        .catch((error: unknown) => {
          if (this.#proxy.published().some((other) => listenerId(other) === id)) throw error;
        });
    }
  }
}
