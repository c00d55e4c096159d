import type { FastifyReply, FastifyRequest } from "fastify";
import { formatReference, parseReference } from "../../image/reference.ts";
import { decodeAuthHeader } from "../../registry/credentials.ts";
import type { Engine, PullEvent } from "../engine.ts";
import type { Query } from "./query.ts";
import { disconnection, sendStream } from "./stream.ts";
import { transferLines } from "./transfer-lines.ts";

/**
 * `POST /images/create?fromImage=NAME&tag=TAG|DIGEST&platform=`: docker's stream of JSON objects. An error before there is
 * anything to tell is an ordinary answer.
 */
export async function pullImage(
  engine: Engine,
  query: Query,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const tag = query.text("tag");
  const name = query.text("fromImage") ?? "";
  const asked = tag === undefined ? name : `${name}${tag.includes(":") ? "@" : ":"}${tag}`;
  const { tag: named, digest, ...repository } = parseReference(asked);
  const reference = formatReference({
    ...repository,
    ...(digest === undefined ? { tag: named ?? "latest" } : { digest }),
  });
  const platform = query.text("platform");
  const credentials = decodeAuthHeader(header(request, "x-registry-auth"));
  const events = engine.images.pull(reference, {
    signal: disconnection(reply),
    ...(platform === undefined ? {} : { platform }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  const iterator = events[Symbol.asyncIterator]();
  const first = await iterator.next();
  const from = formatReference(repository);
  await sendStream(
    reply,
    "application/json",
    lines(reference, from, named ?? digest ?? "latest", first, iterator),
  );
}

async function* lines(
  reference: string,
  from: string,
  id: string,
  first: IteratorResult<PullEvent>,
  rest: AsyncIterator<PullEvent>,
): AsyncGenerator<string> {
  yield `${JSON.stringify({ status: `Pulling from ${from}`, id })}\r\n`;
  async function* all(): AsyncGenerator<PullEvent> {
    try {
      for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
    } finally {
      await rest.return?.();
    }
  }
  yield* transferLines(all(), ({ changed }) => [
    { status: `Status: ${changed ? "Downloaded newer image" : "Image is up to date"} for ${reference}` },
  ]);
}

/** A header that may come once. */
export function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}
