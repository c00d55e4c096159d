import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { confirmed } from "../confirm.ts";
import { filters } from "../docker.ts";
import { humanBytes } from "../human.ts";

export interface BuilderPruneOptions {
  /** As docker has it: `until=24h`. */
  readonly filter?: readonly string[];
  /** Do not ask. */
  readonly force?: boolean;
}

/** `gantry builder prune`: forgets what steps of builds came to, and what cache mounts hold. */
export async function builderPrune(context: Context, options: BuilderPruneOptions): Promise<number> {
  if (options.force !== true && !(await confirmed(context, "This removes the results of all builds' steps.")))
    return 1;
  const client = await connect(context);
  const given = (options.filter ?? []).map((text) => text.split(/=(.*)/s, 2) as [string, string]);
  const query =
    given.length === 0
      ? {}
      : { filters: filters(Object.fromEntries(given.map(([key, value]) => [key, [value]]))) };
  const { CachesDeleted, SpaceReclaimed } = await client.json<{
    readonly CachesDeleted: readonly string[];
    readonly SpaceReclaimed: number;
  }>("POST", "/build/prune", { query });
  context.stdout.write(`Steps forgotten: ${CachesDeleted.length}\n`);
  context.stdout.write(`Total reclaimed space: ${humanBytes(SpaceReclaimed)}\n`);
  return 0;
}
