import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { followTransfer, type TransferLine } from "../follow-transfer.ts";
import { openArchive } from "../open-archive.ts";

export interface LoadOptions {
  /** A file; standard input when absent. */
  readonly input?: string;
}

/** `gantry load`: the images of an archive that `save`, docker or an OCI tool made. */
export async function load(context: Context, options: LoadOptions): Promise<number> {
  const upload = options.input === undefined ? context.stdin : await openArchive(context, options.input);
  const client = await connect(context);
  await followTransfer(context, client.lines<TransferLine>("POST", "/images/load", { upload }), {
    quiet: false,
  });
  return 0;
}
