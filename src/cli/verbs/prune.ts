import { connect } from "../daemon-start.ts";
import { confirmed } from "../confirm.ts";
import type { Context } from "../context.ts";
import { filters } from "../docker.ts";
import { humanBytes } from "../human.ts";

export interface PruneOptions {
  /** Do not ask. */
  readonly force?: boolean;
}

/** Engine API, ContainerPruneResponse and VolumePruneResponse. */
interface PruneAnswer {
  readonly ContainersDeleted?: readonly string[] | null;
  readonly VolumesDeleted?: readonly string[] | null;
  readonly SpaceReclaimed: number;
}

/** `gantry container prune`: removes containers without a project that do not run. */
export async function containerPrune(context: Context, options: PruneOptions): Promise<number> {
  return await prune(
    context,
    options,
    "all containers without a project that do not run",
    "/containers/prune",
    {},
  );
}

/** `gantry volume prune`: removes volumes that no container uses; those with a name only with `all`. */
export async function volumePrune(
  context: Context,
  options: PruneOptions & { readonly all?: boolean },
): Promise<number> {
  const all = options.all === true;
  const what = all
    ? "all volumes that no container uses"
    : "all volumes without a name that no container uses";
  return await prune(context, options, what, "/volumes/prune", all ? { all: ["true"] } : {});
}

async function prune(
  context: Context,
  { force }: PruneOptions,
  what: string,
  path: string,
  chosen: Readonly<Record<string, readonly string[]>>,
): Promise<number> {
  if (force !== true && !(await confirmed(context, `This removes ${what}.`))) return 1;
  const client = await connect(context);
  const { ContainersDeleted, VolumesDeleted, SpaceReclaimed } = await client.json<PruneAnswer>("POST", path, {
    query: { filters: filters(chosen) },
  });
  for (const one of [...(ContainersDeleted ?? []), ...(VolumesDeleted ?? [])])
    context.stdout.write(`${one}\n`);
  context.stdout.write(`Total reclaimed space: ${humanBytes(SpaceReclaimed)}\n`);
  return 0;
}
