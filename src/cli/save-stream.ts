import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { GantryError } from "../error.ts";
import type { Context } from "./context.ts";
import { writeAll } from "./write-all.ts";

/** Throws request.invalid where an archive would go to a terminal. */
export function refuseTerminal(context: Context, output: string | undefined): void {
  if (output !== undefined || context.stdout.isTTY !== true) return;
  throw new GantryError("request.invalid", "an archive is nothing for a terminal", {
    next: "write it into a file: -o FILE, or a pipe",
  });
}

/** Writes an archive to standard output, or into a file that appears once it is whole. */
export async function saveStream(
  context: Context,
  archive: AsyncIterable<Uint8Array>,
  output: string | undefined,
): Promise<void> {
  if (output === undefined) {
    for await (const chunk of archive) await writeAll(context.stdout, chunk);
    return;
  }
  const path = resolve(context.cwd, output);
  const half = `${path}.${process.pid}.part`;
  try {
    await pipeline(archive, createWriteStream(half, { mode: 0o600 }));
    await rename(half, path);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
}
