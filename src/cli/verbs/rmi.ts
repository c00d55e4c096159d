import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import type { ImageRemoval } from "../docker.ts";
import { reportError } from "../report-error.ts";

export interface RmiOptions {
  /** Take the name away even from an image that containers use. */
  readonly force?: boolean;
}

/** `gantry rmi IMAGE...`. */
export async function rmi(
  context: Context,
  references: readonly string[],
  options: RmiOptions,
): Promise<number> {
  const client = await connect(context);
  let status = 0;
  for (const reference of references) {
    try {
      const removed = await client.json<readonly ImageRemoval[]>("DELETE", `/images/${segment(reference)}`, {
        query: { force: options.force === true ? 1 : 0 },
      });
      context.stdout.write(removed.map(removalLine).join(""));
    } catch (error) {
      reportError(context, error);
      status = 1;
    }
  }
  return status;
}

function removalLine({ Untagged, Deleted }: ImageRemoval): string {
  return Untagged === undefined ? `Deleted: ${Deleted ?? ""}\n` : `Untagged: ${Untagged}\n`;
}
