import { ask } from "./ask.ts";
import { AnswerCache } from "./cache.ts";
import { HostResolvers } from "./host-resolvers.ts";
import type { Query } from "./message.ts";

/** One resolver gets this long before the next is asked. */
const PATIENCE_MS = 2000;
/** Questions under way at once; a flood beyond that is not passed on. */
const MOST = 512;

/** Passes on what no network knows: to the host's resolvers, or those of the container that asks. */
export class Forwarder {
  readonly #host = new HostResolvers();
  readonly #cache = new AnswerCache();
  readonly #underWay = new Map<string, Promise<Buffer | undefined>>();

  /** The answer, with the query's id; undefined when nobody gave one. */
  async resolve(
    query: Query,
    own: readonly string[] | undefined,
    transport: "udp" | "tcp",
  ): Promise<Buffer | undefined> {
    const servers = own ?? (await this.#host.servers());
    const key = keyOf(query, servers);
    const id = query.packet.id ?? 0;
    const kept = this.#cache.get(key, id, performance.now());
    // What does not fit into a datagram goes to whom can take it: the client that came by TCP for that reason.
    if (kept !== undefined && (transport === "tcp" || kept.length <= query.room)) return kept;
    const asking = `${transport} ${key}`;
    let answer = this.#underWay.get(asking);
    if (answer === undefined) {
      if (this.#underWay.size >= MOST) return undefined;
      answer = this.#ask(query, servers, transport).finally(() => this.#underWay.delete(asking));
      this.#underWay.set(asking, answer);
    }
    const got = await answer;
    if (got === undefined) return undefined;
    this.#cache.put(key, got, performance.now());
    const copy = Buffer.from(got);
    copy.writeUInt16BE(id, 0);
    return copy;
  }

  async #ask(
    query: Query,
    servers: readonly string[],
    transport: "udp" | "tcp",
  ): Promise<Buffer | undefined> {
    for (const server of servers) {
      const answer = await ask(server, query.bytes, transport, PATIENCE_MS).catch(() => undefined);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
}

/** Questions that get the same answer: all of the query but its id, from the same resolvers. */
function keyOf(query: Query, servers: readonly string[]): string {
  return `${servers.join(" ")} ${query.bytes.subarray(2).toString("latin1").toLowerCase()}`;
}
