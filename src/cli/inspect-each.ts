import { connect } from "./daemon-start.ts";
import type { Client } from "./client.ts";
import type { Context } from "./context.ts";
import { printValue } from "./listing.ts";
import { reportError } from "./report-error.ts";

export interface InspectOptions {
  readonly output: "json" | "yaml";
  /** Docker's: a template for each, instead of `output`. */
  readonly format?: string;
}

/** Prints what is known of each name as one array. Status 1 if any is unknown; the others are shown all the same. */
export async function inspectEach(
  context: Context,
  names: readonly string[],
  options: InspectOptions,
  one: (client: Client, name: string) => Promise<unknown>,
): Promise<number> {
  const client = await connect(context);
  const found: unknown[] = [];
  let status = 0;
  for (const name of names) {
    try {
      found.push(await one(client, name));
    } catch (error) {
      reportError(context, error);
      status = 1;
    }
  }
  if (options.format === undefined) await printValue(context, options.output, found);
  else (await import("./template/print.ts")).printEach(context, options.format, found);
  return status;
}
