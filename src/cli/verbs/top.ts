import { oneContainer } from "../chosen-containers.ts";
import { segment } from "../client.ts";
import type { Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import type { SpecFlags } from "../spec-flags.ts";
import { renderTable } from "../table.ts";

interface Processes {
  readonly Titles: readonly string[];
  readonly Processes: readonly (readonly string[])[];
}

/** `gantry top CONTAINER|SERVICE [ps options]`: the processes inside, as the host's ps shows them. */
export async function top(
  context: Context,
  target: string,
  psOptions: readonly string[],
  flags: SpecFlags,
): Promise<number> {
  const client = await connect(context);
  const container = await oneContainer(context, client, target, flags);
  const found = await client.json<Processes>("GET", `/containers/${segment(container)}/top`, {
    query: { ps_args: psOptions.length === 0 ? undefined : psOptions.join(" ") },
  });
  context.stdout.write(renderTable(found.Titles, found.Processes));
  return 0;
}
