import { GantryError } from "../../error.ts";
import type { CompareResponse } from "../../daemon/protocol.ts";
import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { printValue } from "../listing.ts";
import { projectName } from "../spec-flags.ts";
import { printable } from "../table.ts";
import type { RevisionsOptions } from "./revisions.ts";

/** `gantry diff N M`: what lies between two revisions of a project. */
export async function compare(
  context: Context,
  [from, to]: readonly [string, string],
  options: RevisionsOptions,
): Promise<number> {
  const wrong = [from, to].find((text) => !/^[1-9][0-9]{0,8}$/.test(text));
  if (wrong !== undefined)
    throw new GantryError("request.invalid", `"${wrong}" is not the number of a revision`, {
      next: "gantry history lists them; to see a container's changes, name it alone",
    });
  const client = await connect(context);
  const name = await projectName(context, client, options);
  const path = `/gantry/v1/projects/${segment(name)}/history/compare`;
  const answer = await client.json<CompareResponse>("GET", path, { query: { from, to } });
  if (options.output !== "table") await printValue(context, options.output, answer);
  else if (answer.changes.length === 0) context.stdout.write("no difference\n");
  else context.stdout.write(answer.changes.map((line) => `${printable(line)}\n`).join(""));
  return 0;
}
