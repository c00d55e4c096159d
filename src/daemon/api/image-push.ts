import type { FastifyReply, FastifyRequest } from "fastify";
import { formatReference, parseReference } from "../../image/reference.ts";
import { decodeAuthHeader } from "../../registry/credentials.ts";
import type { Engine } from "../engine.ts";
import { header } from "./image-pull.ts";
import { Query } from "./query.ts";
import { disconnection, sendStream } from "./stream.ts";
import { transferLines } from "./transfer-lines.ts";

/** `POST /images/{name}/push?tag=`: docker's stream of JSON objects. */
export async function pushImage(
  engine: Engine,
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { domain, path, tag: named } = parseReference(name);
  const tag = new Query(request).text("tag") ?? named ?? "latest";
  const reference = formatReference({ domain, path, tag });
  await engine.images.inspect(reference); // Not there: an ordinary answer.
  const credentials = decodeAuthHeader(header(request, "x-registry-auth"));
  const events = engine.images.push(reference, {
    signal: disconnection(reply),
    ...(credentials === undefined ? {} : { credentials }),
  });
  async function* lines(): AsyncGenerator<string> {
    const to = formatReference({ domain, path });
    yield `${JSON.stringify({ status: `The push refers to repository [${to}]` })}\r\n`;
    yield* transferLines(events, ({ digest, size }) => [
      { status: `${tag}: digest: ${digest} size: ${size}` },
      { progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } },
    ]);
  }
  await sendStream(reply, "application/json", lines());
}
