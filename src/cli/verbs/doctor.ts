import type { DoctorLine } from "../../daemon/protocol.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { printList, type Format } from "../listing.ts";

/** `gantry doctor`: what this machine has of what gantry needs. Status 1 if anything is broken. */
export async function doctor(context: Context, options: { readonly output: Format }): Promise<number> {
  const client = await connect(context);
  const lines = await client.json<readonly DoctorLine[]>("GET", "/gantry/v1/doctor");
  await printList(context, options.output, lines, {
    heading: ["CHECK", "STATUS", "FOUND", "WHAT IT COSTS"],
    row: ({ name, status, found, cost }) => [name, status, found, cost],
  });
  return lines.some(({ status }) => status === "broken") ? 1 : 0;
}
