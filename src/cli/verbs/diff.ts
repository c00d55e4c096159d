import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { printValue, type Format } from "../listing.ts";

/** Engine API, FilesystemChange. */
interface FilesystemChange {
  readonly Path: string;
  /** 0 changed, 1 added, 2 deleted. */
  readonly Kind: number;
}

const LETTERS = ["C", "A", "D"];

/** `gantry diff CONTAINER`: what it changed of its image, in docker's letters. */
export async function diff(
  context: Context,
  container: string,
  { output }: { readonly output: Format },
): Promise<number> {
  const client = await connect(context);
  const changes = await client.json<readonly FilesystemChange[]>(
    "GET",
    `/containers/${segment(container)}/changes`,
  );
  if (output === "table")
    context.stdout.write(changes.map(({ Path, Kind }) => `${LETTERS[Kind] ?? "?"} ${Path}\n`).join(""));
  else await printValue(context, output, changes);
  return 0;
}
