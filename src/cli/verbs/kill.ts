import { chosenContainers } from "../chosen-containers.ts";
import { segment } from "../client.ts";
import type { Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { eachOf } from "../each.ts";
import type { SpecFlags } from "../spec-flags.ts";

export interface KillOptions extends SpecFlags {
  /** `SIGTERM`, `TERM` or `15`; SIGKILL when absent. */
  readonly signal?: string;
}

/** `gantry kill`: a signal to the first process of each. One that dies of it comes back if its restart policy says so. */
export async function kill(
  context: Context,
  words: readonly string[],
  options: KillOptions,
): Promise<number> {
  const client = await connect(context);
  const containers = await chosenContainers(context, client, words, options);
  return eachOf(context, containers, (container) =>
    client.text("POST", `/containers/${segment(container)}/kill`, { query: { signal: options.signal } }),
  );
}
