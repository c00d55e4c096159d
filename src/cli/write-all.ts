import { once } from "node:events";
import { Writable } from "node:stream";
import type { Output } from "./context.ts";

/** Writes, and waits while the reader is behind: a slow pipe must not fill our memory. */
export async function writeAll(output: Output, data: string | Uint8Array): Promise<void> {
  if (!output.write(data) && output instanceof Writable && output.writableNeedDrain)
    await once(output, "drain");
}
