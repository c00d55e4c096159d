import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import type { BuildEvent } from "../../build/events.ts";
import { StepFailed } from "../../build/stage.ts";
import type { Engine } from "../engine.ts";
import { buildRequest } from "./build-request.ts";
import { errorBody } from "./errors.ts";
import { parseFilters } from "./filters.ts";
import { Query } from "./query.ts";
import { disconnection, sendStream } from "./stream.ts";
import { untilOf } from "./until-filter.ts";

/**
 * `POST /build`: the archive of a context as the body, docker's stream of JSON objects as the answer (Engine API, ImageBuild;
 * version 1 of the builder). For a plugin whose bodies are no JSON. An error before there is anything to tell is an ordinary
 * answer.
 */
export function buildRoutes(app: FastifyInstance, engine: Engine): void {
  const bodyLimit = Number.MAX_SAFE_INTEGER;
  app.post<{ Body: Readable | undefined }>("/build", { bodyLimit }, async (request, reply) => {
    const body = (request.body ?? request.raw).iterator({ destroyOnReturn: false });
    await build(engine, request, body, reply);
  });

  app.post("/build/prune", (request) => prune(engine, new Query(request)));
}

async function prune(engine: Engine, query: Query): Promise<object> {
  const filters = parseFilters(query.text("filters"), ["until"], ["unused-for", "id", "type"]);
  const { removed, reclaimedBytes } = await engine.builds.prune(untilOf(filters));
  return { CachesDeleted: removed, SpaceReclaimed: reclaimedBytes };
}

async function build(
  engine: Engine,
  request: FastifyRequest,
  context: AsyncIterable<Uint8Array>,
  reply: FastifyReply,
): Promise<void> {
  const quiet = new Query(request).flag("q");
  const asked = buildRequest(request, context, disconnection(reply));
  const iterator = engine.builds.build(asked)[Symbol.asyncIterator]();
  const first = await iterator.next();
  await sendStream(reply, "application/json", lines(first, iterator, quiet));
}

async function* lines(
  first: IteratorResult<BuildEvent>,
  rest: AsyncIterator<BuildEvent>,
  quiet: boolean,
): AsyncGenerator<string> {
  try {
    for (let next = first; next.done !== true; next = await rest.next())
      for (const message of messagesOf(next.value, quiet)) yield line(message);
  } catch (error) {
    const { message, ...more } = errorBody(error);
    const detail = error instanceof StepFailed ? { ...more, code: error.exitCode } : more;
    yield line({ errorDetail: { message, ...detail }, error: message });
  } finally {
    await rest.return?.();
  }
}

/** In the words of docker's classic builder. */
function messagesOf(event: BuildEvent, quiet: boolean): readonly object[] {
  if (event.kind === "built") {
    const short = event.id.slice("sha256:".length, "sha256:".length + 12);
    const told = [
      { stream: `Successfully built ${short}\n` },
      ...event.names.map((name) => ({ stream: `Successfully tagged ${name}\n` })),
    ];
    // Docker's client prints nothing but the last line of a quiet build: the id.
    return quiet ? [{ stream: `${event.id}\n` }] : [{ aux: { ID: event.id } }, ...told];
  }
  if (quiet) return [];
  switch (event.kind) {
    case "warning":
      return [{ stream: `[Warning] ${event.message}\n` }];
    case "pulling":
      return [{ stream: `${event.message}\n` }];
    default:
  }
  const stage = event.stage === undefined ? "" : `[${event.stage}] `;
  switch (event.kind) {
    case "step":
      return [{ stream: `Step ${event.number}/${event.total} : ${stage}${event.text}\n` }];
    case "cached":
      return [{ stream: `${stage} ---> Using cache\n` }];
    case "layer":
      return [{ stream: `${stage} ---> ${event.diffId.slice("sha256:".length, "sha256:".length + 12)}\n` }];
    case "output":
      return [{ stream: `${stage}${event.text}` }];
  }
}

function line(message: object): string {
  return `${JSON.stringify(message)}\r\n`;
}
