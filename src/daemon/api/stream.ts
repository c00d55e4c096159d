import type { FastifyReply } from "fastify";
import type { Writable } from "node:stream";

/** Aborts when the client goes away before its answer is complete. */
export function disconnection(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  const response = reply.raw;
  response.once("close", () => {
    if (!response.writableFinished) abort.abort();
  });
  return abort.signal;
}

/** Takes the answer over from fastify and sends its head at once, so that a client knows that the stream stands. */
export function beginStream(reply: FastifyReply, contentType: string): FastifyReply["raw"] {
  reply.hijack();
  const response = reply.raw;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.writeHead(200, { "Content-Type": contentType });
  response.flushHeaders();
  return response;
}

/**
 * Sends chunks as they come. A slow client slows the source down and is never buffered for; one that went away
 * ends the source at its next chunk, so a source that can be silent for long must heed disconnection() itself.
 * An error in mid-stream breaks the connection off: the client sees that the answer is incomplete.
 */
export async function sendStream(
  reply: FastifyReply,
  contentType: string,
  chunks: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const response = beginStream(reply, contentType);
  try {
    for await (const chunk of chunks) {
      if (response.destroyed) return;
      if (!writeSoon(response, chunk)) await drained(response);
    }
    response.end();
  } catch {
    response.destroy();
  }
}

/** Milliseconds that lines may wait for others: a burst of them is sent in a few packets, not one each. */
const GATHER_MS = 4;

/** Writes as `write` does, a moment later. */
export function writeSoon(response: FastifyReply["raw"], chunk: string | Uint8Array): boolean {
  if (response.writableCorked === 0) {
    response.cork();
    setTimeout(() => response.uncork(), GATHER_MS);
  }
  return response.write(chunk);
}

/** Resolves when more may be written, or never can be. */
export function drained(stream: Writable): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
}
