import { isIP } from "node:net";
import type { Answer } from "dns-packet";
import type { Lookup } from "./lookup.ts";
import { reversed } from "./subnets.ts";
import type { NameEntry, ServicePort } from "./zone.ts";

/** Replicas come and go: nobody shall remember where they were. */
const TTL_S = 0;

/** What a network itself knows. */
export interface LocalAnswer {
  /** RFC 1035 section 4.1.1: 0 no error (the name exists, perhaps without such a record), 3 no such name. */
  readonly code: 0 | 3;
  readonly answers: readonly Answer[];
  readonly additionals: readonly Answer[];
}

/**
 * The answer of a network about its own containers; undefined where the question is none of its business. `turn` rotates
 * what there are several of. `own` says whether an address lies in the network.
 */
export function answerLocally(
  { network, lookup, own }: { network: string; lookup: Lookup; own: (address: string) => boolean },
  question: { readonly name: string; readonly type: string },
  turn: number,
): LocalAnswer | undefined {
  const name = question.name.toLowerCase().replace(/\.$/, "");
  const address = reversed(name);
  if (address !== undefined)
    return own(address) ? pointer(question.name, lookup.at(address), network) : undefined;
  const suffix = `.${network.toLowerCase()}`;
  const bare = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  const service = /^_([^.]+)\._(tcp|udp)\.(.+)$/.exec(bare);
  if (service !== null) {
    const found = lookup.named(service[3] ?? "");
    if (found.length === 0) return bare === name ? undefined : NO_SUCH_NAME;
    return services(question, rotate(found, turn), network, (port) => wanted(port, service[1], service[2]));
  }
  const found = lookup.named(bare);
  if (found.length > 0) return addresses(question, rotate(found, turn));
  return bare === name ? undefined : NO_SUCH_NAME;
}

const NO_SUCH_NAME: LocalAnswer = { code: 3, answers: [], additionals: [] };

function pointer(name: string, entry: NameEntry | undefined, network: string): LocalAnswer {
  const [own] = entry?.names ?? [];
  if (own === undefined) return NO_SUCH_NAME;
  return {
    code: 0,
    answers: [{ type: "PTR", name, ttl: TTL_S, data: `${own}.${network}` }],
    additionals: [],
  };
}

function addresses(
  { name, type }: { readonly name: string; readonly type: string },
  entries: readonly NameEntry[],
): LocalAnswer {
  return { code: 0, answers: entries.flatMap((entry) => addressRecords(name, type, entry)), additionals: [] };
}

function addressRecords(name: string, type: string, entry: NameEntry): readonly Answer[] {
  return entry.addresses.flatMap((address): Answer[] => {
    const kind = isIP(address) === 6 ? "AAAA" : "A";
    return type === kind || type === "ANY" ? [{ type: kind, name, ttl: TTL_S, data: address }] : [];
  });
}

/** RFC 2782: `_80._tcp.web`, one record per replica; its addresses come along. */
function services(
  { name, type }: { readonly name: string; readonly type: string },
  entries: readonly NameEntry[],
  network: string,
  wants: (port: ServicePort) => boolean,
): LocalAnswer {
  const found = entries.flatMap((entry) => entry.ports.filter(wants).map(({ port }) => ({ entry, port })));
  if (found.length === 0) return NO_SUCH_NAME;
  if (type !== "SRV" && type !== "ANY") return { code: 0, answers: [], additionals: [] };
  const targetOf = ({ names }: NameEntry): string => `${names[0] ?? ""}.${network}`;
  return {
    code: 0,
    answers: found.map(({ entry, port }) => ({
      type: "SRV",
      name,
      ttl: TTL_S,
      data: { priority: 0, weight: 0, port, target: targetOf(entry) },
    })),
    additionals: [...new Set(found.map(({ entry }) => entry))].flatMap((entry) =>
      addressRecords(targetOf(entry), "ANY", entry),
    ),
  };
}

function wanted(
  { port, protocol }: ServicePort,
  number: string | undefined,
  kind: string | undefined,
): boolean {
  return protocol === kind && String(port) === number;
}

function rotate<T>(list: readonly T[], turn: number): readonly T[] {
  const start = list.length === 0 ? 0 : turn % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
