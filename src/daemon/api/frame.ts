import type { OutputChunk } from "../../runtime/session.ts";

export const MULTIPLEXED = "application/vnd.docker.multiplexed-stream";
/** Of a terminal, which has one output: bytes as they come. */
export const RAW = "application/vnd.docker.raw-stream";

const HEAD = 8;
const STREAM = { stdout: 1, stderr: 2 } as const;

/**
 * One frame of Docker's multiplexed stream: the stream's number, three zero bytes, the payload's length as 32 bits
 * big-endian, the payload. (Engine API, "Attach to a container", stream format.)
 */
export function frame(stream: OutputChunk["stream"], ...payload: readonly Uint8Array[]): Buffer {
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.alloc(HEAD + length);
  bytes[0] = STREAM[stream];
  bytes.writeUInt32BE(length, 4);
  let at = HEAD;
  for (const part of payload) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
