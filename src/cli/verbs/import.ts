import { open } from "node:fs/promises";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { GantryError, messageOf } from "../../error.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { splitReference } from "../reference.ts";

/** A line of docker's progress stream. */
interface ImportLine {
  readonly status?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly code?: string | number; readonly message?: string };
}

/** `gantry import FILE|- NAME[:TAG]`: a root file system archive becomes an image. Prints the image's id. */
export async function importImage(context: Context, file: string, reference: string): Promise<number> {
  const upload = file === "-" ? context.stdin : await openArchive(resolve(context.cwd, file));
  const client = await connect(context);
  const { name, tag } = splitReference(reference);
  const lines = client.lines<ImportLine>("POST", "/images/create", {
    query: { fromSrc: "-", repo: name, tag },
    upload,
  });
  for await (const { status, error, errorDetail } of lines) {
    if (error !== undefined) throw new GantryError("image.invalid", errorDetail?.message ?? error);
    if (status !== undefined) context.stdout.write(`${status}\n`);
  }
  return 0;
}

async function openArchive(path: string): Promise<Readable> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isDirectory()) throw new Error("it is a folder");
    return file.createReadStream();
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "there is no such file" : messageOf(cause);
    throw new GantryError("request.invalid", `cannot read ${path}: ${why}`, { cause });
  }
}
