import type { FastifyInstance } from "fastify";
import { GantryError } from "../../error.ts";
import type { Engine } from "../engine.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { invalid } from "./errors.ts";
import { frame, MULTIPLEXED } from "./frame.ts";
import { Query } from "./query.ts";
import { disconnection, sendStream } from "./stream.ts";
import { pump, switchProtocols, type Upgrade } from "./upgrade.ts";

interface Wanted {
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** What was written before, too. */
  readonly logs: boolean;
  /** Go on with what comes. */
  readonly stream: boolean;
}

/**
 * `POST /containers/{id}/attach`: what the container writes from now on, until it ends, as a multiplexed stream. It comes
 * by way of the log, so line by line. Input is not taken: gantry's containers read from /dev/null.
 */
export function attachRoutes(app: FastifyInstance, engine: Engine): void {
  app.post<{ Params: ContainerParams }>("/containers/:container/attach", async (request, reply) => {
    const wanted = wantedOf(new Query(request));
    const id = await attachable(engine, containerReference(request));
    await sendStream(reply, MULTIPLEXED, output(engine, id, wanted, disconnection(reply)));
  });
}

/** The same on a connection that the client takes over, as docker's own does. */
export function attachUpgrade(engine: Engine): Upgrade {
  return {
    path: /^\/containers\/(?<id>[^/]+)\/attach$/,
    serve: async (container, request, socket) => {
      const { searchParams } = new URL(request.url ?? "", "http://localhost");
      const wanted = wantedOf(new Query({ query: Object.fromEntries(searchParams) }));
      const params = { container };
      const id = await attachable(engine, containerReference({ params }));
      const gone = new AbortController();
      socket.once("close", () => gone.abort());
      const chunks = output(engine, id, wanted, gone.signal);
      switchProtocols(socket, MULTIPLEXED);
      socket.resume(); // what is typed goes nowhere
      await pump(chunks, socket);
    },
  };
}

function wantedOf(query: Query): Wanted {
  const [stdout, stderr] = [query.flag("stdout"), query.flag("stderr")];
  if (!stdout && !stderr) throw invalid("choose at least one stream", "add stdout=1 or stderr=1");
  return { stdout, stderr, logs: query.flag("logs"), stream: query.flag("stream") };
}

/**
 * One that does not run is listened to through its next life, as `docker run` and `start -a` need it. Throws
 * conflict for a paused one: nothing would come, and it would look like a fault.
 */
async function attachable(engine: Engine, reference: string): Promise<string> {
  const { id, name, paused } = await engine.containers.find(reference);
  if (paused === true)
    throw new GantryError("conflict", `container ${name} is paused`, { next: `try: gantry unpause ${name}` });
  return id;
}

/** "Now" is when it is called: lines that are written before the log is opened are not lost. */
function output(engine: Engine, id: string, wanted: Wanted, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const since = Date.now();
  const lines = engine.containers.logs(id, {
    follow: wanted.stream,
    nextLife: true,
    ...(wanted.logs ? {} : { since }),
    signal,
  });
  return frames(lines, wanted);
}

async function* frames(
  lines: ReturnType<Engine["containers"]["logs"]>,
  wanted: Wanted,
): AsyncGenerator<Uint8Array> {
  for await (const { stream, data } of lines) if (wanted[stream]) yield frame(stream, data);
}
