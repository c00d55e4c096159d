import { answerLocally, type LocalAnswer } from "./answer.ts";
import type { Forwarder } from "./forward.ts";
import { Lookup } from "./lookup.ts";
import { CODE, readQuery, writeAnswer, writeCode } from "./message.ts";
import { within } from "./subnets.ts";
import type { Zone } from "./zone.ts";

/** Answers the questions of one network's containers, also about the other networks they are in. */
export class Responder {
  readonly zone: Zone;
  readonly lookup = new Lookup();
  readonly own: (address: string) => boolean;
  readonly #forwarder: Forwarder;
  readonly #other: (network: string) => Responder | undefined;
  #turn = 0;

  constructor(zone: Zone, forwarder: Forwarder, other: (network: string) => Responder | undefined) {
    this.zone = zone;
    this.own = within(zone.subnets);
    this.#forwarder = forwarder;
    this.#other = other;
  }

  /** The answer to a message from `client`; undefined where silence is the answer: who is not of the network gets none. */
  async answer(bytes: Buffer, client: string, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    if (!this.own(client)) return undefined;
    const query = readQuery(bytes);
    if (query === undefined || Buffer.isBuffer(query)) return query;
    const asker = this.lookup.at(client);
    const zones = [this, ...(asker?.also ?? []).flatMap((network) => this.#other(network) ?? [])];
    const asked = query.question.name.toLowerCase().replace(/\.$/, "");
    const name =
      asker?.links !== undefined && Object.hasOwn(asker.links, asked) ? asker.links[asked] : undefined;
    const turn = this.#turn++;
    for (const { zone, lookup, own } of zones) {
      const target = name ?? query.question.name;
      const local = answerLocally(
        { network: zone.network, lookup, own },
        { ...query.question, name: target },
        turn,
      );
      if (local !== undefined)
        return writeAnswer(query, renamed(local, target, query.question.name), transport);
    }
    const forwards = zones.some(({ zone }) => zone.forward);
    const passed = forwards ? await this.#forwarder.resolve(query, asker?.upstream, transport) : undefined;
    if (passed !== undefined) return passed;
    // A name of one word is somebody's here or nobody's; of any other only the world can say that it is not there.
    return writeCode(query, asked.includes(".") ? CODE.serverFailure : CODE.noSuchName);
  }
}

/** An answer is about what was asked for. */
function renamed(local: LocalAnswer, found: string, asked: string): LocalAnswer {
  if (found === asked) return local;
  const answers = local.answers.map((answer) =>
    answer.name === found ? { ...answer, name: asked } : answer,
  );
  return { ...local, answers };
}
