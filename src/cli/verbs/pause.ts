import { chosenContainers } from "../chosen-containers.ts";
import { segment } from "../client.ts";
import type { Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { eachOf } from "../each.ts";
import type { SpecFlags } from "../spec-flags.ts";

/** `gantry pause` and `unpause`: every process stands still where it is, and goes on from there. */
export async function pause(
  context: Context,
  verb: "pause" | "unpause",
  words: readonly string[],
  flags: SpecFlags,
): Promise<number> {
  const client = await connect(context);
  const containers = await chosenContainers(context, client, words, flags);
  return eachOf(context, containers, (container) =>
    client.text("POST", `/containers/${segment(container)}/${verb}`),
  );
}
