import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";

/** `gantry rename CONTAINER NAME`: of one without a project. */
export async function rename(context: Context, container: string, name: string): Promise<number> {
  const client = await connect(context);
  await client.text("POST", `/containers/${segment(container)}/rename`, { query: { name } });
  return 0;
}
