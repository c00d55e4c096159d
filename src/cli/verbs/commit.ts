import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { splitReference } from "../reference.ts";

export interface CommitOptions {
  readonly author?: string;
  readonly message?: string;
  readonly change?: readonly string[];
  readonly pause: boolean;
}

/** `gantry commit CONTAINER [NAME[:TAG]]`: an image of its image and what it has written since. Prints the id. */
export async function commit(
  context: Context,
  container: string,
  reference: string | undefined,
  { author, message, change, pause }: CommitOptions,
): Promise<number> {
  const client = await connect(context);
  const { name, tag } = reference === undefined ? {} : splitReference(reference);
  const { Id } = await client.json<{ readonly Id: string }>("POST", "/commit", {
    query: {
      container,
      repo: name,
      tag,
      author,
      comment: message,
      pause,
      changes: change?.join("\n"),
    },
  });
  context.stdout.write(`${Id}\n`);
  return 0;
}
