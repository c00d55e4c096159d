import type { Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { createContainer } from "../run/create.ts";
import type { RunFlags } from "../run/flags.ts";

/** `gantry create IMAGE [COMMAND...]`: makes a container without starting it. Prints its id. */
export async function create(
  context: Context,
  image: string,
  command: readonly string[],
  flags: RunFlags,
): Promise<number> {
  const id = await createContainer(context, await connect(context), image, command, flags);
  context.stdout.write(`${id}\n`);
  return 0;
}
