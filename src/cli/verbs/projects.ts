import type { ProjectSummary } from "../../daemon/protocol.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { printList, type Format } from "../listing.ts";

/** `gantry projects`: what this machine was told to run. */
export async function projects(context: Context, options: { readonly output: Format }): Promise<number> {
  const client = await connect(context);
  const found = await client.json<readonly ProjectSummary[]>("GET", "/gantry/v1/projects");
  await printList(context, options.output, found, {
    heading: ["NAME", "SERVICES", "RUNNING", "FILES"],
    row: ({ name, services, running, wanted, files }) => [
      name,
      String(services),
      `${running}/${wanted}`,
      files.join(", "),
    ],
  });
  return 0;
}
