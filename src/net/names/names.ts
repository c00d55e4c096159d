import { setTimeout as delay } from "node:timers/promises";
import { GantryError, messageOf } from "../../error.ts";
import type { LineClient } from "./line-client.ts";
import { connectOrStart, isRunning } from "./start.ts";
import type { NameEntry, Zone, ZoneCommand } from "./zone.ts";

export interface NamesOptions {
  /** The instance's run folder: it holds the responder's socket. */
  readonly run: string;
  /** Hears of a responder that died and could not be brought back yet. */
  readonly onProblem: (error: unknown) => void;
}

interface Told {
  readonly zone: Zone;
  /** Undefined while only a former daemon has said who they are. */
  entries: ReadonlyMap<string, NameEntry> | undefined;
}

const RETRY_MIN_MS = 20;
const RETRY_MAX_MS = 5_000;

/**
 * The daemon's side of the name responder: what it has been told, kept true. The responder outlives the daemon and keeps
 * its table; the daemon outlives the responder and tells it all again: whoever is left restores the other.
 */
export class Names {
  readonly #options: NamesOptions;
  readonly #told = new Map<string, Told>();
  #client: LineClient | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: NamesOptions) {
    this.#options = options;
  }

  /** Has a network's containers answered. Resolves once they are. Throws port.taken where another program is on port 53. */
  async serve(zone: Zone): Promise<void> {
    await this.#inTurn(async (client) => {
      await this.#set(client, zone);
      this.#told.set(zone.network, { zone, entries: this.#told.get(zone.network)?.entries });
    });
  }

  /** Makes these the containers of a network that are found by name, by id. Only what differs is sent. */
  async update(network: string, entries: ReadonlyMap<string, NameEntry>): Promise<void> {
    await this.#inTurn(async (client) => {
      const told = this.#told.get(network);
      if (told === undefined) return; // it was removed meanwhile
      const before = told.entries;
      told.entries = entries;
      if (before === undefined) return tellAll(client, network, entries);
      const put = [...entries].filter(([key, entry]) => before.get(key) !== entry);
      const drop = [...before.keys()].filter((key) => !entries.has(key));
      if (put.length + drop.length > 0) await tell(client, { network, put: Object.fromEntries(put), drop });
    });
  }

  /** Removes every network but those that were served here: what a former daemon left. Starts nothing. */
  async sweep(): Promise<void> {
    if (this.#told.size === 0 && !(await isRunning(this.#options.run))) return;
    await this.#inTurn(async (client) => {
      const { networks = [] } = await client.ask({ status: true });
      for (const network of networks) if (!this.#told.has(network)) await tell(client, { remove: network });
    });
  }

  async remove(network: string): Promise<void> {
    if (!this.#told.delete(network)) return;
    await this.#inTurn((client) => tell(client, { remove: network }));
  }

  /** Lets go of the responder, which carries on. */
  close(): void {
    this.#closed = true;
    this.#client?.close();
  }

  /** One conversation at a time, each with a responder that has been told everything. */
  #inTurn<T>(conversation: (client: LineClient) => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => conversation(await this.#connected()));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #connected(): Promise<LineClient> {
    if (this.#closed) throw new GantryError("internal", "the name responder was let go");
    if (this.#client !== undefined && !this.#client.closed) return this.#client;
    const client = await connectOrStart(this.#options.run);
    try {
      for (const { zone, entries } of this.#told.values()) {
        await this.#set(client, zone);
        if (entries !== undefined) await tellAll(client, zone.network, entries);
      }
    } catch (error) {
      client.close();
      throw error;
    }
    this.#client = client;
    client.onClose(() => void this.#restore());
    return client;
  }

  async #set(client: LineClient, zone: Zone): Promise<void> {
    const { error } = await client.ask({ set: zone });
    if (error === undefined) return;
    if (!error.includes("EADDRINUSE"))
      throw new GantryError("kernel", `names of network ${zone.network}: ${error}`);
    throw new GantryError(
      "port.taken",
      `port 53 of ${zone.addresses.join(", ")} is taken by another program`,
      {
        next: "find it with: ss -lnp sport = :53; have it listen on its own addresses only, not on 0.0.0.0",
      },
    );
  }

  async #restore(): Promise<void> {
    for (let wait = RETRY_MIN_MS; !this.#closed; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        await this.#inTurn(async () => undefined);
        return;
      } catch (error) {
        if (this.#closed) return;
        this.#options.onProblem(messageOf(error));
        await delay(wait, undefined, { ref: false });
      }
    }
  }
}

async function tellAll(
  client: LineClient,
  network: string,
  entries: ReadonlyMap<string, NameEntry>,
): Promise<void> {
  await tell(client, { network, put: Object.fromEntries(entries), drop: [], only: true });
}

async function tell(client: LineClient, command: ZoneCommand): Promise<void> {
  const { error } = await client.ask(command);
  if (error !== undefined) throw new GantryError("internal", `the name responder: ${error}`);
}
