import { answerLocally } from "./answer.ts";
import type { Forwarder } from "./forward.ts";
import { Lookup } from "./lookup.ts";
import { CODE, readQuery, writeAnswer, writeCode } from "./message.ts";
import { within } from "./subnets.ts";
import type { Zone } from "./zone.ts";

/** Answers the questions of one network's containers. */
export class Responder {
  readonly zone: Zone;
  readonly lookup = new Lookup();
  readonly #own: (address: string) => boolean;
  readonly #forwarder: Forwarder;
  #turn = 0;

  constructor(zone: Zone, forwarder: Forwarder) {
    this.zone = zone;
    this.#own = within(zone.subnets);
    this.#forwarder = forwarder;
  }

  /** The answer to a message from `client`; undefined where silence is the answer: who is not of the network gets none. */
  async answer(bytes: Buffer, client: string, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    if (!this.#own(client)) return undefined;
    const query = readQuery(bytes);
    if (query === undefined || Buffer.isBuffer(query)) return query;
    const { network, forward } = this.zone;
    const local = answerLocally(
      { network, lookup: this.lookup, own: this.#own },
      query.question,
      this.#turn++,
    );
    if (local !== undefined) return writeAnswer(query, local, transport);
    const upstream = this.lookup.at(client)?.upstream;
    const passed = forward ? await this.#forwarder.resolve(query, upstream, transport) : undefined;
    if (passed !== undefined) return passed;
    // A name of one word is somebody's here or nobody's; of any other only the world can say that it is not there.
    const single = !query.question.name.replace(/\.$/, "").includes(".");
    return writeCode(query, single ? CODE.noSuchName : CODE.serverFailure);
  }
}
