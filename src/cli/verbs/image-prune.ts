import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { confirmed } from "../confirm.ts";
import { filters, type ImageRemoval } from "../docker.ts";
import { humanBytes } from "../human.ts";

export interface ImagePruneOptions {
  /** Images with a name as well. */
  readonly all?: boolean;
  /** Do not ask. */
  readonly force?: boolean;
}

/** Engine API, ImagePruneResponse. */
export interface ImagePruneAnswer {
  readonly ImagesDeleted: readonly ImageRemoval[] | null;
  readonly SpaceReclaimed: number;
}

/** `gantry image prune`: removes images that no container uses; only those without a name unless told. */
export async function imagePrune(context: Context, options: ImagePruneOptions): Promise<number> {
  const all = options.all === true;
  const what = all ? "all images without a container" : "all images without a name";
  if (options.force !== true && !(await confirmed(context, `This removes ${what}.`))) return 1;
  const client = await connect(context);
  const query = { filters: filters({ dangling: [String(!all)] }) };
  const { ImagesDeleted, SpaceReclaimed } = await client.json<ImagePruneAnswer>("POST", "/images/prune", {
    query,
  });
  for (const { Untagged, Deleted } of ImagesDeleted ?? [])
    context.stdout.write(Untagged === undefined ? `deleted: ${Deleted ?? ""}\n` : `untagged: ${Untagged}\n`);
  context.stdout.write(`Total reclaimed space: ${humanBytes(SpaceReclaimed)}\n`);
  return 0;
}
