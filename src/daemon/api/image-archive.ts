import type { FastifyInstance, FastifyReply } from "fastify";
import type { Readable } from "node:stream";
import type { Engine } from "../engine.ts";
import { errorBody, invalid } from "./errors.ts";
import { sendStream } from "./stream.ts";

/** `GET /images/get?names=` and `/images/{name}/get`: an archive of these images, as it is made. */
export async function sendArchive(
  engine: Engine,
  names: readonly string[],
  reply: FastifyReply,
): Promise<void> {
  if (names.length === 0) throw invalid("name the images to save");
  await sendStream(reply, "application/x-tar", await engine.images.save(names));
}

/** `POST /images/load`: an archive as the body, of any length. A plugin of its own reads such bodies. */
export function imageLoadRoutes(app: FastifyInstance, engine: Engine): void {
  const bodyLimit = Number.MAX_SAFE_INTEGER;
  app.post<{ Body: Readable | undefined }>("/images/load", { bodyLimit }, async (request, reply) => {
    const body = (request.body ?? request.raw).iterator({ destroyOnReturn: false });
    await sendStream(reply, "application/json", loaded(engine, body));
  });
}

async function* loaded(engine: Engine, body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  try {
    for (const { id, names } of await engine.images.load(body)) {
      const lines =
        names.length === 0 ? [`Loaded image ID: ${id}`] : names.map((name) => `Loaded image: ${name}`);
      for (const line of lines) yield `${JSON.stringify({ stream: `${line}\n` })}\r\n`;
    }
  } catch (error) {
    const { message, ...more } = errorBody(error);
    yield `${JSON.stringify({ errorDetail: { message, ...more }, error: message })}\r\n`;
  }
}
