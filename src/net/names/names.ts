import { GantryError, messageOf } from "../../error.ts";
import { KeptConnection } from "../kept-connection.ts";
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

/**
 * The daemon's side of the name responder: what it has been told, kept true. The responder outlives the daemon and keeps
 * its table; the daemon outlives the responder and tells it all again: whoever is left restores the other.
 */
export class Names {
  readonly #options: NamesOptions;
  readonly #told = new Map<string, Told>();
  readonly #responder: KeptConnection<LineClient>;

  constructor(options: NamesOptions) {
    this.#options = options;
    this.#responder = new KeptConnection({
      name: "the name responder",
      connect: () => connectOrStart(options.run),
      tellAll: async (client) => {
        for (const { zone, entries } of this.#told.values()) {
          await this.#set(client, zone);
          if (entries !== undefined) await tellAll(client, zone.network, entries);
        }
      },
      onProblem: (error) => options.onProblem(messageOf(error)),
      retryMinMs: RETRY_MIN_MS,
    });
  }

  /** Has a network's containers answered. Resolves once they are. Throws port.taken where another program is on port 53. */
  async serve(zone: Zone): Promise<void> {
    await this.#responder.run(async (client) => {
      await this.#set(client, zone);
      this.#told.set(zone.network, { zone, entries: this.#told.get(zone.network)?.entries });
    });
  }

  /** Makes these the containers of a network that are found by name, by id. Only what differs is sent. */
  async update(network: string, entries: ReadonlyMap<string, NameEntry>): Promise<void> {
    await this.#responder.run(async (client) => {
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
    await this.#responder.run(async (client) => {
      const { networks = [] } = await client.ask({ status: true });
      for (const network of networks) if (!this.#told.has(network)) await tell(client, { remove: network });
    });
  }

  async remove(network: string): Promise<void> {
    if (!this.#told.delete(network)) return;
    await this.#responder.run((client) => tell(client, { remove: network }));
  }

  /** Lets go of the responder, which carries on. */
  close(): void {
    this.#responder.close();
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
