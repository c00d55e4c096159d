import type { Client } from "../client.ts";
import { connect } from "../daemon-start.ts";
import type { Context } from "../context.ts";
import { containersOf, replicaName } from "../containers.ts";
import { interruptible } from "../interrupt.ts";
import { ProjectLogs } from "../log-follow.ts";
import { mergeByTime } from "../log-merge.ts";
import { LogPrinter } from "../log-printer.ts";
import { containerLog, rawLog, type LogQuery } from "../log-stream.ts";
import { demultiplex } from "../multiplex.ts";
import type { SpecFlags } from "../spec-flags.ts";
import { findTargets } from "../targets.ts";
import { writeAll } from "../write-all.ts";

export interface LogsOptions extends SpecFlags {
  readonly follow?: boolean;
  /** Only the last so many lines of each container. */
  readonly tail?: number | "all";
  readonly timestamps?: boolean;
}

interface Source {
  /** Name or id. */
  readonly id: string;
  readonly name: string;
}

/** `gantry logs`: one container's as it wrote them; several, or a project's, behind their names and in order of time. */
export async function logs(
  context: Context,
  words: readonly string[],
  options: LogsOptions,
): Promise<number> {
  const client = await connect(context);
  const { project, services, containers } = await findTargets(context, client, words, options);
  return interruptible(context, undefined, async (signal) => {
    const query = {
      follow: options.follow === true,
      signal,
      ...(options.tail === undefined ? {} : { tail: options.tail }),
    };
    const wholeServices = project !== undefined && (services === undefined || services.length > 0);
    if (!wholeServices && containers.length === 1)
      return plain(context, client, containers[0] ?? "", query, options.timestamps === true);
    const named = containers.map((name) => ({ id: name, name }));
    const replicas = wholeServices ? await sources(client, project, services) : [];
    const all = [...replicas, ...named];
    const printer = new LogPrinter(
      context,
      all.map(({ name }) => name),
      options.timestamps === true,
    );
    if (query.follow) {
      const each = named.map((source) => prefixed(client, printer, source, query));
      await Promise.all(
        wholeServices ? [...each, followProject(client, printer, project, services, query)] : each,
      );
    } else await inOrder(client, printer, all, query);
    printer.close();
    return 0;
  });
}

async function sources(
  client: Client,
  project: string,
  services: readonly string[] | undefined,
): Promise<readonly Source[]> {
  const found = await containersOf(client, project, services);
  return found.map(({ Id, Labels }) => ({ id: Id, name: replicaName(Labels) ?? Id.slice(0, 12) }));
}

function followProject(
  client: Client,
  printer: LogPrinter,
  project: string,
  services: readonly string[] | undefined,
  query: LogQuery & { readonly signal: AbortSignal },
): Promise<never> {
  return new ProjectLogs(client, printer, query.signal).follow(project, services, query.tail);
}

async function plain(
  context: Context,
  client: Client,
  container: string,
  query: LogQuery,
  timestamps: boolean,
): Promise<number> {
  for await (const { stream, data } of demultiplex(rawLog(client, container, query, timestamps)))
    await writeAll(context[stream], data);
  return 0;
}

async function prefixed(
  client: Client,
  printer: LogPrinter,
  { id, name }: Source,
  query: LogQuery,
): Promise<void> {
  for await (const line of containerLog(client, id, query)) await printer.print(name, line);
}

async function inOrder(
  client: Client,
  printer: LogPrinter,
  all: readonly Source[],
  query: LogQuery,
): Promise<void> {
  const streams = all.map(({ id }) => containerLog(client, id, query));
  for await (const { source, item } of mergeByTime(streams))
    await printer.print(all[source]?.name ?? "", item);
}
