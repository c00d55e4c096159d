import type { FastifyInstance } from "fastify";
import type { Duplex } from "node:stream";
import { GantryError } from "../../error.ts";
import { DEFAULT_DETACH_KEYS, parseDetachKeys, untilDetached } from "../../host/detach-keys.ts";
import type { ObservedContainer } from "../../observe/snapshot.ts";
import type { ExecSession } from "../../runtime/session.ts";
import type { Engine } from "../engine.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { invalid } from "./errors.ts";
import { terminalSize } from "./exec-body.ts";
import { frame, MULTIPLEXED, RAW } from "./frame.ts";
import { Query } from "./query.ts";
import { disconnection, sendStream } from "./stream.ts";
import { pump, readJsonBody, switchProtocols, type Upgrade } from "./upgrade.ts";

interface Wanted {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** What was written before, too. */
  readonly logs: boolean;
  /** Go on with what comes. */
  readonly stream: boolean;
  readonly detachKeys: readonly number[];
}

/**
 * `POST /containers/{id}/attach`: what the container writes from now on, until it ends; of a terminal as it comes, else
 * as a multiplexed stream. A container without input and terminal is heard by way of its log, line by line.
 */
export function attachRoutes(app: FastifyInstance, engine: Engine): void {
  app.post<{ Params: ContainerParams }>("/containers/:container/attach", async (request, reply) => {
    const wanted = wantedOf(new Query(request));
    const container = await attachable(engine, containerReference(request));
    const gone = disconnection(reply);
    // Only a hijacked connection can carry input.
    await sendStream(reply, contentType(container), output(engine, container, wanted, gone, undefined));
  });

  app.post<{ Params: ContainerParams }>("/containers/:container/resize", async (request, reply) => {
    const query = new Query(request);
    const size = terminalSize(query.integer("h"), query.integer("w"));
    await engine.containers.resize(containerReference(request), size);
    return reply.code(200).send();
  });
}

/** The same on a connection that the client takes over, as docker's own does: its half of it is the input. */
export function attachUpgrade(engine: Engine): Upgrade {
  return {
    path: /^\/containers\/(?<id>[^/]+)\/attach$/,
    serve: async (container, request, socket) => {
      const { searchParams } = new URL(request.url ?? "", "http://localhost");
      const wanted = wantedOf(new Query({ query: Object.fromEntries(searchParams) }));
      const params = { container };
      await readJsonBody(request, socket); // says nothing, and is no input
      const found = await attachable(engine, containerReference({ params }));
      const gone = new AbortController();
      socket.once("close", () => gone.abort());
      const chunks = output(engine, found, wanted, gone.signal, socket);
      switchProtocols(socket, contentType(found));
      await pump(chunks, socket);
    },
  };
}

function contentType({ config }: ObservedContainer): string {
  return config.terminal === true ? RAW : MULTIPLEXED;
}

function wantedOf(query: Query): Wanted {
  const [stdin, stdout, stderr] = [query.flag("stdin"), query.flag("stdout"), query.flag("stderr")];
  if (!stdin && !stdout && !stderr) throw invalid("choose at least one stream", "add stdout=1 or stderr=1");
  const detachKeys = parseDetachKeys(query.text("detachKeys") ?? DEFAULT_DETACH_KEYS);
  return { stdin, stdout, stderr, logs: query.flag("logs"), stream: query.flag("stream"), detachKeys };
}

/**
 * One that does not run is listened to through its next life, as `docker run` and `start -a` need it. Throws
 * conflict for a paused one: nothing would come, and it would look like a fault.
 */
async function attachable(engine: Engine, reference: string): Promise<ObservedContainer> {
  const found = await engine.containers.find(reference);
  if (found.paused === true)
    throw new GantryError("conflict", `container ${found.name} is paused`, {
      next: `try: gantry unpause ${found.name}`,
    });
  return found;
}

/** "Now" is when it is called: lines that are written before the log is opened are not lost. */
function output(
  engine: Engine,
  container: ObservedContainer,
  wanted: Wanted,
  signal: AbortSignal,
  socket: Duplex | undefined,
): AsyncIterable<Uint8Array> {
  const { id, config } = container;
  const raw = config.terminal === true;
  const live = wanted.stream && (raw || config.stdin !== undefined);
  const since = Date.now();
  const lines = (follow: boolean) =>
    framed(
      engine.containers.logs(id, { follow, nextLife: true, ...(wanted.logs ? {} : { since }), signal }),
      wanted,
      raw,
    );
  if (!live) {
    socket?.resume(); // what is typed goes nowhere
    return lines(wanted.stream);
  }
  const session = engine.containers.attach(id, {
    input: wanted.stdin && config.stdin !== undefined,
    signal,
  });
  session.catch(() => undefined); // awaited by whoever reads
  return fromSession(wanted.logs ? lines(false) : [], session, { wanted, raw, signal, socket });
}

async function* fromSession(
  before: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  opening: Promise<ExecSession>,
  how: {
    readonly wanted: Wanted;
    readonly raw: boolean;
    readonly signal: AbortSignal;
    readonly socket: Duplex | undefined;
  },
): AsyncGenerator<Uint8Array> {
  const { wanted, raw, signal, socket } = how;
  yield* before;
  const session = await opening;
  session.stdin.on("error", () => {}); // the container closed its end
  signal.addEventListener("abort", () => session.close(), { once: true });
  if (signal.aborted) session.close();
  if (socket === undefined || !wanted.stdin) socket?.resume();
  else void feed(session, socket, raw ? wanted.detachKeys : undefined);
  yield* framed(session.output, wanted, raw);
}

/** Hands on what is typed. Of a terminal the detach keys leave it; the end of pipes' input is the container's. */
async function feed(
  session: ExecSession,
  socket: Duplex,
  keys: readonly number[] | undefined,
): Promise<void> {
  if (keys === undefined) {
    socket.pipe(session.stdin);
    session.stdin.once("close", () => socket.resume());
    return;
  }
  const typed = untilDetached(socket as AsyncIterable<Uint8Array>, keys);
  try {
    for (;;) {
      const { value, done } = await typed.next();
      if (done === true) {
        if (value === "detached") session.close();
        return;
      }
      if (!session.stdin.write(value))
        await new Promise<void>((resolve) => session.stdin.once("drain", resolve).once("close", resolve));
    }
  } catch {
    // The client went away: so does what it listened to.
  }
}

async function* framed(
  chunks: AsyncIterable<{ readonly stream: "stdout" | "stderr"; readonly data: Uint8Array }>,
  wanted: Wanted,
  raw: boolean,
): AsyncGenerator<Uint8Array> {
  for await (const { stream, data } of chunks) {
    if (raw) yield data;
    else if (wanted[stream]) yield frame(stream, data);
  }
}
