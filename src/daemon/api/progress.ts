import type { FastifyReply } from "fastify";
import type { Progress } from "../protocol.ts";
import { errorBody } from "./errors.ts";
import { sendStream } from "./stream.ts";

/**
 * Sends progress, one JSON object per line. What fails before the first line is an ordinary error answer; what
 * fails later becomes the last line, `{"type":"error"}`.
 */
export async function sendProgress(reply: FastifyReply, progress: AsyncIterable<Progress>): Promise<void> {
  const iterator = progress[Symbol.asyncIterator]();
  const first = await iterator.next();
  await sendStream(reply, "application/x-ndjson", lines(first, iterator));
}

async function* lines(
  first: IteratorResult<Progress>,
  iterator: AsyncIterator<Progress>,
): AsyncGenerator<string> {
  try {
    for (let result = first; result.done !== true; result = await iterator.next()) yield line(result.value);
  } catch (error) {
    yield line({ type: "error", error: errorBody(error) });
  } finally {
    await iterator.return?.();
  }
}

function line(progress: Progress): string {
  return `${JSON.stringify(progress)}\n`;
}
