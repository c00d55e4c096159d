import { decode, encode, TRUNCATED_RESPONSE } from "dns-packet";
import { describe, expect, test } from "vitest";
import { AnswerCache } from "../../../../src/net/names/cache.ts";
import { type Query, readQuery, writeAnswer } from "../../../../src/net/names/message.ts";
import { splitMessages } from "../../../../src/net/names/stream.ts";
import { lifetimeOf } from "../../../../src/net/names/ttl.ts";

const question = { type: "A", name: "web", class: "IN" } as const;

function query(more: object = {}): Query {
  const read = readQuery(encode({ type: "query", id: 7, flags: 0x100, questions: [question], ...more }));
  if (read === undefined || Buffer.isBuffer(read)) throw new Error("no query");
  return read;
}

function replicas(count: number) {
  return Array.from({ length: count }, (_, n) => ({
    type: "A" as const,
    name: "web",
    ttl: 0,
    data: `10.208.${n >> 8}.${n & 255}`,
  }));
}

describe("a message", () => {
  test("that is no query is answered with what is wrong about it, or not at all", () => {
    const code = (bytes: Buffer): number | undefined => {
      const answer = readQuery(bytes);
      return Buffer.isBuffer(answer) ? answer.readUInt8(3) & 15 : undefined;
    };
    expect(readQuery(Buffer.alloc(11))).toBe(undefined);
    expect(readQuery(encode({ type: "response", id: 1, questions: [question] }))).toBe(undefined);
    expect(code(encode({ type: "query", id: 1, questions: [question, question] }))).toBe(1);
    expect(code(encode({ type: "query", id: 1, questions: [] }))).toBe(1);
    expect(code(encode({ type: "query", id: 1, flags: 1 << 11, questions: [question] }))).toBe(4);
    expect(code(encode({ type: "query", id: 1, questions: [{ ...question, class: "CH" }] }))).toBe(5);
    const loop = Buffer.from("000701000001000000000000c00c00010001", "hex");
    expect(code(loop)).toBe(1);
    const whole = encode({ type: "query", id: 1, questions: [question] });
    for (let length = 12; length < whole.length; length++) expect(code(whole.subarray(0, length))).toBe(1);
  });

  test("is answered whole over TCP; over UDP with what fits, and it says that there is more", () => {
    const local = { code: 0, answers: replicas(300), additionals: [] } as const;
    expect(decode(writeAnswer(query(), local, "tcp")).answers).toHaveLength(300);
    const cut = writeAnswer(query(), local, "udp");
    expect(cut.length).toBeLessThanOrEqual(512);
    expect(cut.length).toBeGreaterThan(450);
    expect((decode(cut).flags ?? 0) & TRUNCATED_RESPONSE).not.toBe(0);
    const OPT = { type: "OPT", name: ".", udpPayloadSize: 4096, flags: 0, options: [] };
    const larger = writeAnswer(query({ additionals: [OPT] }), local, "udp");
    expect(larger.length).toBeGreaterThan(1100);
    expect(larger.length).toBeLessThanOrEqual(1232);
  });

  test("in a stream may come in any pieces", () => {
    const split = splitMessages();
    const bytes = Buffer.from("0003616263000164", "hex");
    const found = [...bytes].flatMap((byte) => split(Buffer.of(byte)).map((message) => message.toString()));
    expect(found).toEqual(["abc", "d"]);
  });
});

describe("an answer of others", () => {
  const answer = encode({
    type: "response",
    id: 7,
    questions: [question],
    answers: [
      { type: "A", name: "web", ttl: 30, data: "192.0.2.1" },
      { type: "A", name: "web", ttl: 20, data: "192.0.2.2" },
    ],
  });

  test("is kept as long as its shortest record, and grows older", () => {
    const cache = new AnswerCache();
    cache.put("key", answer, 0);
    const later = cache.get("key", 99, 5500);
    expect(decode(later ?? Buffer.alloc(0)).answers?.map((one) => ("ttl" in one ? one.ttl : 0))).toEqual([
      25, 15,
    ]);
    expect(later?.readUInt16BE(0)).toBe(99);
    expect(cache.get("key", 99, 20_000)).toBe(undefined);
  });

  test("that says there is no such name is kept as long as the zone allows", () => {
    const soa = {
      mname: "a.example",
      rname: "b.example",
      serial: 1,
      refresh: 9,
      retry: 9,
      expire: 9,
      minimum: 60,
    };
    const none = encode({
      type: "response",
      id: 7,
      flags: 3,
      questions: [question],
      authorities: [{ type: "SOA", name: "example", ttl: 900, data: soa }],
    });
    expect(lifetimeOf(none).seconds).toBe(60);
  });

  test("that is broken, cut off or an error is not kept", () => {
    for (let length = 0; length < answer.length; length++)
      expect(lifetimeOf(answer.subarray(0, length)).seconds).toBe(0);
    const cut = Buffer.from(answer);
    cut.writeUInt8(cut.readUInt8(2) | 2, 2);
    expect(lifetimeOf(cut).seconds).toBe(0);
    expect(lifetimeOf(encode({ type: "response", id: 7, flags: 2, questions: [question] })).seconds).toBe(0);
  });

  test("makes room for newer ones", () => {
    const cache = new AnswerCache(2);
    for (const key of ["a", "b", "c"]) cache.put(key, answer, 0);
    expect(cache.get("a", 1, 0)).toBe(undefined);
    expect(cache.get("c", 1, 0)).not.toBe(undefined);
  });
});
