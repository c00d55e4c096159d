import { listenerId } from "../net/listener.ts";
import type { Proxy } from "../net/proxy.ts";
import type { PublishedPort } from "../observe/snapshot.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { Coalesce } from "../host/coalesce.ts";

/** Keeps the proxy's table true: which ports a project has, and which containers answer behind them. */
export class Endpoints {
  readonly #runtime: Runtime;
  readonly #proxy: Proxy;
  /** Containers that are leaving: they run, and get no new connections. */
  readonly #leaving = new Set<string>();
  readonly #sync = new Coalesce((project) => this.#send(project));

  constructor(runtime: Runtime, proxy: Proxy) {
    this.#runtime = runtime;
    this.#proxy = proxy;
  }

  /** Makes a service's listeners exactly these. Throws port.taken, and then nothing has changed. */
  async publish(project: string, service: string, ports: readonly PublishedPort[]): Promise<void> {
    await this.#proxy.listen(ports);
    const wanted = new Set(ports.map(listenerId));
    const gone = this.#proxy
      .published()
      .filter((port) => port.project === project && port.service === service)
      .map(listenerId)
      .filter((id) => !wanted.has(id));
    await this.#proxy.unlisten(gone);
    await this.sync(project);
  }

  /** Brings the endpoints of a project's ports up to date with what runs. */
  async sync(project: string): Promise<void> {
    await this.#sync.request(project);
  }

  /**
   * Takes a container out: no new connections, those it has get up to `graceMs`, then they are reset.
   * Call `forget` once it is stopped.
   */
  async drain(id: string, graceMs: number, signal: AbortSignal): Promise<void> {
    const record = this.#runtime.records.get(id);
    if (record?.owner === undefined || record.address === undefined) return;
    this.#leaving.add(id);
    const { project, service } = record.owner;
    if (!this.#proxy.published().some((port) => port.project === project && port.service === service)) return;
    await this.sync(project);
    await this.#proxy.drain(record.address, graceMs, signal);
  }

  forget(id: string): void {
    this.#leaving.delete(id);
  }

  async #send(project: string): Promise<void> {
    if (!this.#proxy.published().some((port) => port.project === project)) return;
    const addresses = new Map<string, string[]>();
    for (const { id, owner, address } of this.#runtime.records.list()) {
      if (owner?.project !== project || address === undefined || this.#leaving.has(id)) continue;
      if (this.#runtime.status(id).phase !== "running") continue;
      const list = addresses.get(owner.service) ?? [];
      list.push(address);
      addresses.set(owner.service, list);
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
