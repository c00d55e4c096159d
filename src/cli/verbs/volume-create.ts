import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import type { VolumeDetail } from "../docker.ts";
import { pairs } from "../pairs.ts";

export interface VolumeCreateOptions {
  /** `name[=value]`. */
  readonly label?: readonly string[];
}

/** `gantry volume create [NAME]`: prints the name; one that exists is left as it is. */
export async function volumeCreate(
  context: Context,
  name: string | undefined,
  { label }: VolumeCreateOptions,
): Promise<number> {
  const client = await connect(context);
  const body = { ...(name === undefined ? {} : { Name: name }), Labels: pairs(label) };
  const { Name } = await client.json<VolumeDetail>("POST", "/volumes/create", { body });
  context.stdout.write(`${Name}\n`);
  return 0;
}
