import type { FastifyInstance } from "fastify";
import type { LogLine, LogOptions } from "../../runtime/session.ts";
import type { Engine } from "../engine.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { invalid } from "./errors.ts";
import { frame, MULTIPLEXED, RAW } from "./frame.ts";
import { Query } from "./query.ts";
import { disconnection, sendStream } from "./stream.ts";

/** A timer takes no more: a later end is as good as none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Selection {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly timestamps: boolean;
  /** Only lines before, ms since the epoch. */
  readonly until: number | undefined;
}

/** `GET /containers/{id}/logs`, as a multiplexed stream. The tail is counted before streams are chosen, as Docker does. */
export function logRoutes(app: FastifyInstance, engine: Engine): void {
  app.get<{ Params: ContainerParams }>("/containers/:container/logs", async (request, reply) => {
    const query = new Query(request);
    const selection = {
      stdout: query.flag("stdout"),
      stderr: query.flag("stderr"),
      timestamps: query.flag("timestamps"),
      until: query.time("until"),
    };
    if (!selection.stdout && !selection.stderr) {
      throw invalid("Bad parameters: you must choose at least one stream", "add stdout=1 or stderr=1");
    }
    const options = logOptions(query);
    const { id, config } = await engine.containers.find(containerReference(request));
    // `frames` is gantry's own: what has one output can be told line by line, too.
    const raw = config.terminal === true && !query.flag("frames");
    const signal = untilTime(disconnection(reply), selection.until);
    await sendStream(
      reply,
      raw ? RAW : MULTIPLEXED,
      frames(engine.containers.logs(id, { ...options, signal }), selection, raw),
    );
  });
}

function logOptions(query: Query): LogOptions {
  const since = query.time("since");
  const all = ["all", "-1", undefined].includes(query.text("tail"));
  const tail = all ? undefined : query.integer("tail");
  if (tail !== undefined && tail < 0) throw invalid(`query parameter tail: ${tail} is negative`);
  return {
    follow: query.flag("follow"),
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { since }),
  };
}

function untilTime(gone: AbortSignal, until: number | undefined): AbortSignal {
  const left = Math.max(0, (until ?? Infinity) - Date.now());
  // What was written until then is still to be read: the reader is given a moment.
  return left > LONGEST_TIMER_MS - 1000
    ? gone
    : AbortSignal.any([gone, AbortSignal.timeout(Math.ceil(left) + 1000)]);
}

async function* frames(
  lines: AsyncIterable<LogLine>,
  selection: Selection,
  raw: boolean,
): AsyncGenerator<Uint8Array> {
  // A cut line's later parts go on where the first one stopped, without a time of their own.
  const atLineStart = { stdout: true, stderr: true };
  for await (const { time, stream, data } of lines) {
    if (selection.until !== undefined && Date.parse(time) >= selection.until) return;
    if (!selection[stream]) continue;
    const stamp = selection.timestamps && atLineStart[stream] ? [Buffer.from(`${time} `)] : [];
    atLineStart[stream] = data.at(-1) === 0x0a;
    yield raw ? Buffer.concat([...stamp, data]) : frame(stream, ...stamp, data);
  }
}
