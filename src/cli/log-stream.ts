import { segment, type Client } from "./client.ts";
import { demultiplex } from "./multiplex.ts";

/** A line of one container's log as the API sends it, its time taken apart. */
export interface TimedLine {
  /** RFC 3339 with nine digits of a second: comparing the text compares the times. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  /** With the newline, unless the line was cut. */
  readonly data: Uint8Array;
}

export interface LogQuery {
  readonly follow: boolean;
  /** All lines when absent. */
  readonly tail?: number | "all";
  /** Only lines at or after, whole seconds since the epoch. */
  readonly since?: number;
  readonly signal?: AbortSignal;
}

const SPACE = 0x20;

/** The log of one container. */
export async function* containerLog(client: Client, id: string, query: LogQuery): AsyncGenerator<TimedLine> {
  const frames = demultiplex(rawLog(client, id, query, true));
  for await (const { stream, data } of frames) {
    const space = data.indexOf(SPACE);
    const time = Buffer.from(data.subarray(0, Math.max(0, space))).toString("latin1");
    yield { time, stream, data: data.subarray(space + 1) };
  }
}

/** The multiplexed bytes of one container's log; with `timestamps` each line begins with its time and a space. */
export function rawLog(
  client: Client,
  id: string,
  query: LogQuery,
  timestamps: boolean,
): AsyncIterable<Uint8Array> {
  return client.stream("GET", `/containers/${segment(id)}/logs`, {
    query: {
      stdout: 1,
      stderr: 1,
      follow: query.follow ? 1 : 0,
      tail: query.tail ?? "all",
      since: query.since,
      timestamps: timestamps ? 1 : 0,
      frames: 1, // of a terminal, too
    },
    ...(query.signal === undefined ? {} : { signal: query.signal }),
  });
}
