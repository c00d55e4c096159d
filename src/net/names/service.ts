import { messageOf } from "../../error.ts";
import { Forwarder } from "./forward.ts";
import { type Listening, listenOn } from "./listen.ts";
import { Responder } from "./responder.ts";
import { NAMES_VERSION, type Zone, type ZoneAnswer, type ZoneCommand } from "./zone.ts";

interface Served {
  responder: Responder;
  readonly listening: Map<string, Listening>;
}

/** All networks of an instance, as the daemon has told them. */
export class NameService {
  readonly #forwarder = new Forwarder();
  readonly #served = new Map<string, Served>();

  get idle(): boolean {
    return this.#served.size === 0;
  }

  /** Carries out a line from the daemon. */
  async obey(command: ZoneCommand): Promise<ZoneAnswer> {
    try {
      if ("set" in command) await this.#set(command.set);
      else if ("network" in command) this.#change(command);
      else if ("remove" in command) this.#remove(command.remove);
      return { version: NAMES_VERSION, networks: [...this.#served.keys()] };
    } catch (error) {
      return { version: NAMES_VERSION, error: messageOf(error) };
    }
  }

  async #set(zone: Zone): Promise<void> {
    const served = this.#served.get(zone.network) ?? {
      responder: this.#responder(zone),
      listening: new Map<string, Listening>(),
    };
    const before = served.responder;
    served.responder = this.#responder(zone);
    served.responder.lookup.takeFrom(before.lookup);
    for (const [address, listening] of served.listening)
      if (!zone.addresses.includes(address)) {
        listening.close();
        served.listening.delete(address);
      }
    for (const address of zone.addresses)
      if (!served.listening.has(address))
        served.listening.set(address, await listenOn(address, () => served.responder));
    this.#served.set(zone.network, served);
  }

  #responder(zone: Zone): Responder {
    return new Responder(zone, this.#forwarder, (network) => this.#served.get(network)?.responder);
  }

  #change({ network, put, drop, only }: Extract<ZoneCommand, { network: string }>): void {
    const lookup = this.#served.get(network)?.responder.lookup;
    if (lookup === undefined) throw new Error(`there is no network ${network}`);
    if (only === true) lookup.clear();
    for (const key of drop) lookup.drop(key);
    for (const [key, entry] of Object.entries(put)) lookup.put(key, entry);
  }

  #remove(network: string): void {
    for (const listening of this.#served.get(network)?.listening.values() ?? []) listening.close();
    this.#served.delete(network);
  }
}
