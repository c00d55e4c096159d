import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIP } from "node:net";
import { framed, splitMessages } from "./stream.ts";

const PORT = 53;

/**
 * Asks a resolver, from a port and with an id that nobody can guess (RFC 5452). The answer has the id of the query.
 * Rejects when none comes in `patienceMs`.
 */
export function ask(
  server: string,
  query: Buffer,
  transport: "udp" | "tcp",
  patienceMs: number,
): Promise<Buffer> {
  const id = query.readUInt16BE(0);
  const own = Buffer.from(query);
  own.writeUInt16BE(randomInt(0x10000), 0);
  const answers = (answer: Buffer): boolean =>
    answer.length >= 12 && answer.readUInt16BE(0) === own.readUInt16BE(0) && sameQuestion(own, answer);
  const asked = transport === "udp" ? overDatagrams : overStream;
  return asked(server, own, answers, patienceMs).then((answer) => {
    answer.writeUInt16BE(id, 0);
    return answer;
  });
}

type Transport = (
  server: string,
  query: Buffer,
  answers: (answer: Buffer) => boolean,
  patienceMs: number,
) => Promise<Buffer>;

const overDatagrams: Transport = (server, query, answers, patienceMs) =>
  new Promise((resolve, reject) => {
    const socket = createSocket(isIP(server) === 6 ? "udp6" : "udp4");
    const timer = setTimeout(() => end(() => reject(new Error(`${server} does not answer`))), patienceMs);
    let open = true;
    function end(settle: () => void): void {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      socket.close();
      settle();
    }
    socket.on("error", (error) => end(() => reject(error)));
    socket.on("message", (message) => {
      if (answers(message)) end(() => resolve(message));
    });
    // Connected: the kernel takes datagrams from nobody else, and says when nobody listens there.
    socket.connect(PORT, server, () => {
      if (open) socket.send(query);
    });
  });

const overStream: Transport = (server, query, answers, patienceMs) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: server, port: PORT });
    socket.setTimeout(patienceMs, () => socket.destroy(new Error(`${server} does not answer`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`${server} hung up`)));
    const split = splitMessages();
    socket.on("data", (chunk) => {
      for (const message of split(chunk))
        if (answers(message)) {
          resolve(message);
          socket.destroy();
        }
    });
    socket.write(framed(query));
  });

/** The question section is repeated as it was, but for the case of letters; some servers leave it out of errors. */
function sameQuestion(query: Buffer, answer: Buffer): boolean {
  if (answer.readUInt16BE(4) === 0) return true;
  let end = 12;
  while (end < query.length && query[end] !== 0) end += (query[end] ?? 0) + 1;
  const question = (bytes: Buffer): string =>
    bytes
      .subarray(12, end + 5)
      .toString("latin1")
      .toLowerCase();
  return question(query) === question(answer);
}
