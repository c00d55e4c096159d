import type { Progress } from "../../daemon/protocol.ts";
import type { Context } from "../context.ts";
import { requestOfProject } from "../project-request.ts";
import type { SpecFlags } from "../spec-flags.ts";

export interface DownOptions extends SpecFlags {
  /** Remove the project's named volumes too, with all they hold. */
  readonly volumes?: boolean;
}

/** `gantry down`: stops and removes a project's containers and its network. */
export async function down(context: Context, options: DownOptions): Promise<number> {
  const query = { volumes: options.volumes === true ? 1 : 0 };
  return await requestOfProject(context, options, (client, path, signal) =>
    client.lines<Progress>("DELETE", path, { query, signal }),
  );
}
