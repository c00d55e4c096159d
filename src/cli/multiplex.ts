import type { OutputChunk } from "../runtime/session.ts";
import { GantryError } from "../error.ts";

const HEADER_BYTES = 8;
/** Docker's own frames stay far below; a larger length means that this is not a multiplexed stream. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/**
 * Decodes Docker's multiplexed stream (Engine API, "Attach to a container: stream format"): frames of
 * `[stream, 0, 0, 0, length: uint32 big-endian]` and that many bytes, cut anywhere by the transport.
 * Yields one chunk per frame. Throws GantryError `internal` for a header that cannot be one, and `daemon.unreachable`
 * when the stream ends inside a frame.
 */
export async function* demultiplex(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let wanted = HEADER_BYTES;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    size += chunk.length;
    if (size < wanted) continue;
    let buffer = Buffer.concat(pieces);
    while (buffer.length >= HEADER_BYTES) {
      const length = payloadLength(buffer);
      wanted = HEADER_BYTES + length;
      if (buffer.length < wanted) break;
      yield { stream: buffer[0] === 2 ? "stderr" : "stdout", data: buffer.subarray(HEADER_BYTES, wanted) };
      buffer = buffer.subarray(wanted);
      wanted = HEADER_BYTES;
    }
    pieces = [buffer];
    size = buffer.length;
  }
  if (size > 0)
    throw new GantryError("daemon.unreachable", "the daemon's stream ended in the middle of a frame");
}

function payloadLength(header: Buffer): number {
  const length = header.readUInt32BE(4);
  const stream = header[0] ?? 255;
  if (stream > 2 || header.readUIntBE(1, 3) !== 0 || length > MAX_FRAME_BYTES)
    throw new GantryError("internal", "the daemon sent something that is not a multiplexed stream");
  return length;
}
