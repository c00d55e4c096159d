import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { followTransfer, type TransferLine } from "../follow-transfer.ts";
import { interruptible } from "../interrupt.ts";
import { imagePath } from "../image-path.ts";
import { registryAuth } from "../registry-auth.ts";

/** `gantry push NAME[:TAG]`: brings an image to the registry that its name says. */
export async function push(
  context: Context,
  reference: string,
  options: { readonly quiet?: boolean },
): Promise<number> {
  const headers = await registryAuth(context, reference);
  const client = await connect(context);
  return await interruptible(context, "given up", async (signal) => {
    const lines = client.lines<TransferLine>("POST", imagePath(reference, "push"), { headers, signal });
    await followTransfer(context, lines, { quiet: options.quiet === true });
    if (options.quiet === true) context.stdout.write(`${reference}\n`);
    return 0;
  });
}
