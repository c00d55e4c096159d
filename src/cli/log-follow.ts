import { GantryError } from "../error.ts";
import type { Client } from "./client.ts";
import { containersOf, replicaName } from "./containers.ts";
import { filters, PROJECT_LABEL, SERVICE_LABEL, type EventMessage } from "./docker.ts";
import type { LogPrinter } from "./log-printer.ts";
import { containerLog } from "./log-stream.ts";

/** One container whose log is being read. */
interface Followed {
  /** It started again while the log of its last run was still being read. */
  again: boolean;
}

/**
 * Follows the logs of a project: of the containers it has, of those that join later, and of each again when it is
 * restarted. Goes on until the signal aborts; throws GantryError `daemon.unreachable` when the daemon goes away.
 */
export class ProjectLogs {
  readonly #client: Client;
  readonly #printer: LogPrinter;
  readonly #signal: AbortSignal;
  readonly #reading = new Map<string, Followed>();
  /** By container id, the time of the last line that was printed: a log that is read again goes on behind it. */
  readonly #printed = new Map<string, string>();

  constructor(client: Client, printer: LogPrinter, signal: AbortSignal) {
    this.#client = client;
    this.#printer = printer;
    this.#signal = signal;
  }

  async follow(
    project: string,
    services: readonly string[] | undefined,
    tail: number | "all" | undefined,
  ): Promise<never> {
    const label = [`${PROJECT_LABEL}=${project}`];
    const query = { filters: filters({ type: ["container"], event: ["start"], label }) };
    const failure = new AbortController();
    const signal = AbortSignal.any([this.#signal, failure.signal]);
    const start = (id: string, labels: Readonly<Record<string, string>>, lines?: number | "all"): void => {
      this.#start(id, replicaName(labels) ?? id.slice(0, 12), lines).catch((error: unknown) =>
        failure.abort(error),
      );
    };
    try {
      // Listening before listing: a container that starts in between is seen by one of the two, and read only once.
      const stream = this.#client.lines<EventMessage>("GET", "/events", { query, signal });
      const events = stream[Symbol.asyncIterator]();
      const first = events.next();
      first.catch(() => {});
      for (const { Id, Labels } of await containersOf(this.#client, project, services))
        start(Id, Labels, tail);
      for (let next = await first; next.done !== true; next = await events.next()) {
        const { ID, Attributes } = next.value.Actor;
        if (services === undefined || services.includes(Attributes[SERVICE_LABEL] ?? ""))
          start(ID, Attributes);
      }
    } catch (error) {
      throw failure.signal.aborted ? failure.signal.reason : error;
    }
    throw new GantryError("daemon.unreachable", "the daemon went away");
  }

  async #start(id: string, name: string, tail?: number | "all"): Promise<void> {
    const followed = this.#reading.get(id);
    if (followed !== undefined) {
      followed.again = true;
      return;
    }
    const reading: Followed = { again: false };
    this.#reading.set(id, reading);
    try {
      await this.#read(id, name, tail);
      while (reading.again) {
        reading.again = false;
        await this.#read(id, name);
      }
    } finally {
      this.#reading.delete(id);
    }
  }

  async #read(id: string, name: string, tail?: number | "all"): Promise<void> {
    const before = this.#printed.get(id);
    const query = {
      follow: true,
      signal: this.#signal,
      ...(tail === undefined ? {} : { tail }),
      ...(before === undefined ? {} : { since: Math.floor(Date.parse(before) / 1000) }),
    };
    try {
      for await (const line of containerLog(this.#client, id, query)) {
        if (before !== undefined && line.time <= before) continue;
        this.#printed.set(id, line.time);
        await this.#printer.print(name, line);
      }
    } catch (error) {
      // Removed while we were about to read it: nothing is left to show.
      if (!(error instanceof GantryError) || error.code !== "container.not-found") throw error;
    }
  }
}
