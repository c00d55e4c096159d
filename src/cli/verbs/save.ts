import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { refuseTerminal, saveStream } from "../save-stream.ts";

export interface SaveOptions {
  /** A file; standard output when absent. */
  readonly output?: string;
}

/** `gantry save IMAGE...`: an archive that `load` of this and other engines takes, and OCI's tools too. */
export async function save(
  context: Context,
  images: readonly string[],
  { output }: SaveOptions,
): Promise<number> {
  refuseTerminal(context, output);
  const client = await connect(context);
  const query = new URLSearchParams(images.map((image): [string, string] => ["names", image]));
  await saveStream(context, client.stream("GET", `/images/get?${query.toString()}`), output);
  return 0;
}
