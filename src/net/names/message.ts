import {
  decode,
  encode,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  AUTHORITATIVE_ANSWER,
  TRUNCATED_RESPONSE,
} from "dns-packet";
import type { DecodedPacket, Packet, Question } from "dns-packet";
import type { LocalAnswer } from "./answer.ts";

export const CODE = {
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
  refused: 5,
} as const;

const HEADER_BYTES = 12;
/** RFC 1035 section 4.2.1: over UDP, unless EDNS (RFC 6891) says more. */
const PLAIN_BYTES = 512;
/** What is not cut up on its way (DNS flag day 2020), and what a container's link surely carries whole. */
const LARGEST_DATAGRAM = 1232;
const RESPONSE = 0x80;
const OPCODE = 0x78;

/** A question as it came. */
export interface Query {
  readonly bytes: Buffer;
  readonly packet: DecodedPacket;
  readonly question: Question;
  /** Most bytes of an answer in a datagram. */
  readonly room: number;
}

/**
 * Reads a query: exactly one question of class IN. Returns a finished answer for what is not one, undefined for what
 * deserves none (no header, or itself an answer).
 */
export function readQuery(bytes: Buffer): Query | Buffer | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes.readUInt8(2);
  if ((flags & RESPONSE) !== 0) return undefined;
  if ((flags & OPCODE) !== 0) return bareAnswer(bytes, CODE.notImplemented);
  if (bytes.readUInt16BE(4) !== 1) return bareAnswer(bytes, CODE.formatError);
  try {
    const packet = decode(bytes);
    const [question] = packet.questions ?? [];
    if (question === undefined) return bareAnswer(bytes, CODE.formatError);
    if (question.class !== undefined && question.class !== "IN") return bareAnswer(bytes, CODE.refused);
    const edns = packet.additionals?.find((record) => record.type === "OPT");
    const offered = edns?.type === "OPT" ? edns.udpPayloadSize : PLAIN_BYTES;
    return { bytes, packet, question, room: Math.min(Math.max(offered, PLAIN_BYTES), LARGEST_DATAGRAM) };
  } catch {
    return bareAnswer(bytes, CODE.formatError);
  }
}

/** An answer to what was read. Over UDP what does not fit is left out, and said to be. */
export function writeAnswer(
  query: Query,
  { code, answers, additionals }: LocalAnswer,
  transport: "udp" | "tcp",
): Buffer {
  const whole = encode(answerPacket(query, code, { answers: [...answers], additionals: [...additionals] }));
  if (transport === "tcp" || whole.length <= query.room) return whole;
  const without = encode(answerPacket(query, code, { answers: [...answers] }));
  if (without.length <= query.room) return without;
  const perAnswer = without.length / Math.max(1, answers.length);
  let count = Math.floor(query.room / perAnswer);
  for (; ; count--) {
    const some = encode(answerPacket(query, code, { answers: answers.slice(0, count) }, TRUNCATED_RESPONSE));
    if (some.length <= query.room || count <= 0) return some;
  }
}

/** An answer without records. */
export function writeCode(query: Query, code: number): Buffer {
  return encode(answerPacket(query, code, {}));
}

function answerPacket(
  query: Query,
  code: number,
  records: Pick<Packet, "answers" | "additionals">,
  more = 0,
): Packet {
  const asked = query.packet.flags ?? 0;
  const edns = query.packet.additionals?.some((record) => record.type === "OPT") ?? false;
  return {
    type: "response",
    id: query.packet.id ?? 0,
    flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | (asked & RECURSION_DESIRED) | more | code,
    questions: [query.question],
    answers: records.answers ?? [],
    additionals: [...(records.additionals ?? []), ...(edns ? [OPT] : [])],
  };
}

const OPT = {
  type: "OPT",
  name: ".",
  udpPayloadSize: LARGEST_DATAGRAM,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} as const satisfies Extract<NonNullable<Packet["additionals"]>[number], { type: "OPT" }>;

/** The header alone, of what could not be understood any further. */
function bareAnswer(bytes: Buffer, code: number): Buffer {
  const answer = Buffer.alloc(HEADER_BYTES);
  bytes.copy(answer, 0, 0, 2);
  answer.writeUInt8(RESPONSE | (bytes.readUInt8(2) & (OPCODE | 0x01)), 2);
  answer.writeUInt8(code, 3);
  return answer;
}
