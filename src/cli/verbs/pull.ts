import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { followTransfer, type TransferLine } from "../follow-transfer.ts";
import { interruptible } from "../interrupt.ts";
import { registryAuth } from "../registry-auth.ts";

export interface PullOptions {
  readonly platform?: string;
  /** Print nothing but the image's name. */
  readonly quiet?: boolean;
}

/** `gantry pull NAME[:TAG|@DIGEST]`: brings an image from its registry. */
export async function pull(context: Context, reference: string, options: PullOptions): Promise<number> {
  const headers = await registryAuth(context, reference);
  const client = await connect(context);
  return await interruptible(context, "given up", async (signal) => {
    const query = { fromImage: reference, platform: options.platform };
    const lines = client.lines<TransferLine>("POST", "/images/create", { query, headers, signal });
    await followTransfer(context, lines, { quiet: options.quiet === true });
    if (options.quiet === true) context.stdout.write(`${reference}\n`);
    return 0;
  });
}
