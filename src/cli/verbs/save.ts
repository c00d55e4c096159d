import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { GantryError } from "../../error.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { writeAll } from "../write-all.ts";

export interface SaveOptions {
  /** A file; standard output when absent. */
  readonly output?: string;
}

/** `gantry save IMAGE...`: an archive that `load` of this and other engines takes, and OCI's tools too. */
export async function save(
  context: Context,
  images: readonly string[],
  options: SaveOptions,
): Promise<number> {
  if (options.output === undefined && context.stdout.isTTY === true) {
    throw new GantryError("request.invalid", "an archive is nothing for a terminal", {
      next: "write it into a file: -o FILE, or a pipe",
    });
  }
  const client = await connect(context);
  const query = new URLSearchParams(images.map((image): [string, string] => ["names", image]));
  const archive = client.stream("GET", `/images/get?${query.toString()}`);
  if (options.output === undefined) {
    for await (const chunk of archive) await writeAll(context.stdout, chunk);
    return 0;
  }
  const path = resolve(context.cwd, options.output);
  const half = `${path}.${process.pid}.part`;
  try {
    await pipeline(archive, createWriteStream(half, { mode: 0o600 }));
    await rename(half, path);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
  return 0;
}
