import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import type { VolumeDetail } from "../docker.ts";
import { printList, type Format } from "../listing.ts";

export interface VolumeListOptions {
  /** Only the names. */
  readonly quiet?: boolean;
  readonly output: Format;
}

/** `gantry volume ls`, in docker's columns. */
export async function volumeLs(context: Context, options: VolumeListOptions): Promise<number> {
  const client = await connect(context);
  const { Volumes } = await client.json<{ readonly Volumes: readonly VolumeDetail[] }>("GET", "/volumes");
  if (options.quiet === true) {
    context.stdout.write(Volumes.map(({ Name }) => `${Name}\n`).join(""));
    return 0;
  }
  await printList(context, options.output, Volumes, {
    heading: ["DRIVER", "VOLUME NAME"],
    row: ({ Driver, Name }) => [Driver, Name],
  });
  return 0;
}
