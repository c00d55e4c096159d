import { open } from "node:fs/promises";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { GantryError, messageOf } from "../error.ts";
import type { Context } from "./context.ts";

/** A file to be uploaded. Throws request.invalid where it cannot be read. */
export async function openArchive({ cwd }: Pick<Context, "cwd">, file: string): Promise<Readable> {
  const path = resolve(cwd, file);
  try {
    const opened = await open(path, "r");
    if ((await opened.stat()).isDirectory()) throw new Error("it is a folder");
    return opened.createReadStream();
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "there is no such file" : messageOf(cause);
    throw new GantryError("request.invalid", `cannot read ${path}: ${why}`, { cause });
  }
}
