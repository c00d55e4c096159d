import type { HistoryResponse } from "../../daemon/protocol.ts";
import type { RevisionSummary } from "../../daemon/revision.ts";
import { segment } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { humanAge } from "../human.ts";
import { printList, type Format } from "../listing.ts";
import { projectName, type SpecFlags } from "../spec-flags.ts";

export interface RevisionsOptions extends SpecFlags {
  readonly output: Format;
}

/** `gantry history`: what was applied of a project, the newest first. */
export async function revisions(context: Context, options: RevisionsOptions): Promise<number> {
  const client = await connect(context);
  const name = await projectName(context, client, options);
  const answer = await client.json<HistoryResponse>("GET", `/gantry/v1/projects/${segment(name)}/history`);
  const now = Date.now();
  await printList(context, options.output, answer.revisions.toReversed(), {
    heading: ["REVISION", "APPLIED", "STATUS", "CHANGES"],
    row: (revision) => [
      String(revision.number),
      humanAge(revision.appliedAt, now),
      statusOf(revision, answer),
      revision.changes.join("; "),
    ],
  });
  return 0;
}

function statusOf(
  { number, restores, setbacks = {} }: RevisionSummary,
  { current, before }: HistoryResponse,
): string {
  const services = Object.keys(setbacks);
  return [
    ...(number === current ? ["current"] : []),
    ...(number === before ? ["undo goes here"] : []),
    ...(restores === undefined ? [] : [`brought back ${restores}`]),
    ...(services.length === 0 ? [] : [`did not become ready: ${services.join(", ")}`]),
  ].join(", ");
}
