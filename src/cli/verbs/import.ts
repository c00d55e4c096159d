import { GantryError } from "../../error.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { openArchive } from "../open-archive.ts";
import { splitReference } from "../reference.ts";

/** A line of docker's progress stream. */
interface ImportLine {
  readonly status?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly code?: string | number; readonly message?: string };
}

/** `gantry import FILE|- NAME[:TAG]`: a root file system archive becomes an image. Prints the image's id. */
export async function importImage(context: Context, file: string, reference: string): Promise<number> {
  const upload = file === "-" ? context.stdin : await openArchive(context, file);
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
