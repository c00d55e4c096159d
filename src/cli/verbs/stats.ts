import { chosenContainers } from "../chosen-containers.ts";
import { segment, type Client } from "../client.ts";
import type { Context } from "../context.ts";
import { connect } from "../daemon-start.ts";
import { nameOf, type ContainerSummary } from "../docker.ts";
import { interruptible } from "../interrupt.ts";
import { printList, type Format } from "../listing.ts";
import type { SpecFlags } from "../spec-flags.ts";
import { renderTable } from "../table.ts";
import { USAGE_HEADING, usageRow, type Stats } from "../usage-row.ts";
import { writeAll } from "../write-all.ts";

export interface StatsOptions extends SpecFlags {
  /** False: once instead of for ever. */
  readonly stream: boolean;
  readonly output: Format;
}

/** Cursor to the top, and what stood below it cleared. */
const REDRAW = "\u001B[H\u001B[J";

/** `gantry stats`: what containers use, every second until ctrl-C; all that run when none is named. */
export async function stats(
  context: Context,
  words: readonly string[],
  options: StatsOptions,
): Promise<number> {
  const client = await connect(context);
  const names =
    words.length > 0 ? await chosenContainers(context, client, words, options) : await running(client);
  if (!options.stream || options.output !== "table") {
    const samples = await Promise.all(names.map((name) => once(client, name)));
    await printList(context, options.output, samples, { heading: USAGE_HEADING, row: usageRow });
    return 0;
  }
  return interruptible(context, undefined, (signal) => follow(context, client, names, signal), 0);
}

async function running(client: Client): Promise<readonly string[]> {
  return (await client.json<readonly ContainerSummary[]>("GET", "/containers/json")).map(nameOf);
}

async function once(client: Client, name: string): Promise<Stats> {
  return await client.json<Stats>("GET", `/containers/${segment(name)}/stats`, { query: { stream: 0 } });
}

/** Draws all rows anew whenever one has changed, until every stream has ended. */
async function follow(
  context: Context,
  client: Client,
  names: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const rows = new Map<string, readonly string[]>();
  let drawing = Promise.resolve();
  const draw = async (): Promise<void> => {
    const table = renderTable(USAGE_HEADING, [...rows.values()]);
    await writeAll(context.stdout, context.stdout.isTTY === true ? REDRAW + table : table);
  };
  await Promise.all(
    names.map(async (name) => {
      const samples = client.lines<Stats>("GET", `/containers/${segment(name)}/stats`, { signal });
      for await (const sample of samples) {
        rows.set(name, usageRow(sample));
        // Only once all are known: a table that grows line by line would flicker.
        if (rows.size === names.length) drawing = drawing.then(draw);
        await drawing;
      }
      rows.delete(name);
    }),
  );
  return 0;
}
