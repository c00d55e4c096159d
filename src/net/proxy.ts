import { setTimeout as delay } from "node:timers/promises";
import { GantryError } from "../error.ts";
import { KeptConnection } from "./kept-connection.ts";
import { listenerId, portOfSocket, socketsOf } from "./listener.ts";
import type { PublishedPort } from "./listener.ts";
import { bindPort, sendEndpoints, unbindPort } from "./proxy-port.ts";
import type { ProxyControl, SocketStatus } from "./proxy-control.ts";
import { connectOrStart } from "./proxy-start.ts";
import type { ProxyLocation } from "./proxy-start.ts";

export interface ProxyOptions extends ProxyLocation {
  /** Hears of a proxy that died and could not be brought back yet, or of a port it could not get back. */
  readonly onProblem?: (error: unknown) => void;
}

/** A port that is served. */
export interface BoundPort extends PublishedPort {
  /** Unlike hostPort never 0. */
  readonly boundPort: number;
}

/**
 * The table of published ports and their endpoints, kept true in the native proxy. The proxy outlives the daemon and
 * keeps its table; the daemon outlives the proxy and sends the table again: whoever is left restores the other.
 */
export interface Proxy {
  /**
   * Serves these ports, too: all of them, or none and an error. Those that are served already stay as they are.
   * Throws port.taken, request.invalid for an address this host does not have, permission.
   */
  listen(ports: readonly PublishedPort[]): Promise<readonly BoundPort[]>;
  /** Makes these containers (by address) the whole set behind a port. Those that left get no new connections. */
  setEndpoints(listenerId: string, addresses: readonly string[]): Promise<void>;
  /** Stops accepting; connections go on. Fine for a port that is not served. */
  unlisten(listenerIds: readonly string[]): Promise<void>;
  /** What is served now, sorted by id. */
  published(): readonly BoundPort[];
  status(): Promise<readonly SocketStatus[]>;
  /** How many connections a container (by address) still has through any port, closed ones included. */
  connections(address: string): Promise<number>;
  /**
   * Waits until a container that left has no TCP connections (an UDP flow has no end to wait for), for at most `graceMs`, then resets the rest.
   * Returns how many were reset. On abort it resets them at once.
   */
  drain(address: string, graceMs: number, signal?: AbortSignal): Promise<number>;
  /** Lets go of the proxy, which carries on. */
  close(): void;
}

interface Entry {
  readonly port: PublishedPort;
  boundPort: number;
  addresses: readonly string[];
}

const RETRY_MIN_MS = 50;
const DRAIN_POLL_MS = 50;

/** Connects to the instance's proxy, or starts it, and takes over the table it has. Throws kernel. */
export async function openProxy(options: ProxyOptions): Promise<Proxy> {
  const proxy = new NativeProxy(options);
  await proxy.open();
  return proxy;
}

class NativeProxy implements Proxy {
  readonly #options: ProxyOptions;
  readonly #table = new Map<string, Entry>();
  readonly #kept: KeptConnection<ProxyControl>;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#kept = new KeptConnection({
      name: "the proxy",
      connect: () => connectOrStart(options),
      tellAll: (control) => this.#sendTable(control),
      onProblem: (error) => options.onProblem?.(error),
      retryMinMs: RETRY_MIN_MS,
    });
  }

  async open(): Promise<void> {
    await this.#kept.run(async (control) => {
      for (const socket of await control.status()) this.#adopt(socket);
      await this.#sendTable(control); // a daemon that died in the middle may have left half of a port
    });
  }

  async listen(ports: readonly PublishedPort[]): Promise<readonly BoundPort[]> {
    for (const port of ports) socketsOf(port); // throws before anything is changed
    return this.#kept.run(async (control) => {
      const made: string[] = [];
      try {
        for (const port of ports) {
          const id = listenerId(port);
          if (this.#table.has(id)) continue;
          made.push(id);
          const boundPort = await bindPort(control, port);
          this.#table.set(id, { port, boundPort, addresses: [] });
        }
      } catch (error) {
        for (const id of made) this.#table.delete(id);
        const lost = ports.filter((port) => made.includes(listenerId(port)));
        for (const port of lost) await unbindPort(control, port);
        throw error;
      }
      return ports.map((port) => bound(this.#table.get(listenerId(port))!));
    });
  }

  async setEndpoints(id: string, addresses: readonly string[]): Promise<void> {
    await this.#kept.run(async (control) => {
      const entry = this.#table.get(id);
      if (entry === undefined) throw new GantryError("internal", `no port ${id} is published`);
      entry.addresses = [...addresses];
      await sendEndpoints(control, entry.port, entry.addresses);
    });
  }

  async unlisten(ids: readonly string[]): Promise<void> {
    await this.#kept.run(async (control) => {
      for (const id of ids) {
        const entry = this.#table.get(id);
        if (entry === undefined) continue;
        this.#table.delete(id);
        await unbindPort(control, entry.port);
      }
    });
  }

  published(): readonly BoundPort[] {
    return [...this.#table].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => bound(entry));
  }

  async status(): Promise<readonly SocketStatus[]> {
    return this.#kept.run((control) => control.status());
  }

  async connections(address: string): Promise<number> {
    const endpoints = endpointsOf(await this.status(), address);
    return endpoints.reduce((sum, endpoint) => sum + endpoint.connections, 0);
  }

  async drain(address: string, graceMs: number, signal?: AbortSignal): Promise<number> {
    const deadline = Date.now() + graceMs;
    while (openStreams(await this.status(), address) > 0) {
      const left = deadline - Date.now();
      if (left <= 0 || signal?.aborted === true) return this.#drop(address);
      await delay(Math.min(DRAIN_POLL_MS, left), undefined, { ...(signal && { signal }) }).catch(
        () => undefined,
      );
    }
    // What is left now are UDP flows, which would go on to an address that is somebody else's soon.
    if ((await this.connections(address)) > 0) await this.#drop(address);
    return 0;
  }

  close(): void {
    this.#kept.close();
  }

  async #drop(address: string): Promise<number> {
    return this.#kept.run(async (control) => {
      let dropped = 0;
      for (const { id, endpoint } of endpointsOf(await control.status(), address))
        dropped += await control.drop(id, endpoint);
      return dropped;
    });
  }

  /** Takes over a socket that a former daemon asked for. */
  #adopt(socket: SocketStatus): void {
    const port = portOfSocket(socket.id);
    if (port === undefined || !socket.open || this.#table.has(listenerId(port))) return;
    const current = socket.endpoints.filter((endpoint) => !endpoint.leaving);
    const addresses = current.map((endpoint) => hostOf(endpoint.address));
    this.#table.set(listenerId(port), { port, boundPort: socket.port, addresses });
  }

  /** A port somebody took while the proxy was dead leaves the table: whoever compares it with the wish sees that. */
  async #sendTable(control: ProxyControl): Promise<void> {
    for (const [id, entry] of this.#table) {
      try {
        entry.boundPort = await bindPort(control, entry.port, entry.boundPort);
        await sendEndpoints(control, entry.port, entry.addresses);
      } catch (error) {
        if (!(error instanceof GantryError) || error.code !== "port.taken") throw error;
        this.#table.delete(id);
        this.#options.onProblem?.(error);
      }
    }
  }
}

function bound(entry: Entry): BoundPort {
  return { ...entry.port, boundPort: entry.boundPort };
}

/** `10.208.0.2` of `10.208.0.2:80`, `::1` of `[::1]:80`. */
function hostOf(endpoint: string): string {
  const colon = endpoint.lastIndexOf(":");
  return endpoint.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
}

function openStreams(status: readonly SocketStatus[], address: string): number {
  const streams = status.filter(({ id }) => portOfSocket(id)?.protocol === "tcp");
  return endpointsOf(streams, address).reduce((sum, { connections }) => sum + connections, 0);
}

function endpointsOf(status: readonly SocketStatus[], address: string) {
  return status.flatMap(({ id, endpoints }) =>
    endpoints
      .filter((endpoint) => hostOf(endpoint.address) === address)
      .map((endpoint) => ({ id, endpoint: endpoint.address, connections: endpoint.connections })),
  );
}
