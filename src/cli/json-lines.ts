import { GantryError } from "../error.ts";

/** Cut off rather than remembered: no line of the protocol is longer. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * One JSON value per line of a byte stream; empty lines are skipped, a last line without newline counts.
 * Throws GantryError `internal` for a line that is not JSON or longer than 64 MiB.
 */
export async function* jsonLines<T>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_BYTES) throw new GantryError("internal", "the daemon sent a line without end");
    for (const line of lines) if (line.trim() !== "") yield value(line) as T;
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield value(rest) as T;
}

function value(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw new GantryError("internal", `the daemon sent a line that is not JSON: ${line.slice(0, 80)}`, {
      cause,
    });
  }
}
