import type { FastifyInstance } from "fastify";
import type { Readable } from "node:stream";
import type { Engine } from "../engine.ts";
import { invalid, NotBuiltError } from "./errors.ts";
import { pullImage } from "./image-pull.ts";
import { Query } from "./query.ts";

/**
 * `POST /images/create?fromSrc=-&repo=NAME&tag=TAG`: a root file system archive as the body, of any length, handed on
 * as it arrives and as fast as the store takes it; with `fromImage` it is a pull (image-pull.ts). A plugin of its own, since its bodies are no JSON.
 */
export function imageImportRoutes(app: FastifyInstance, engine: Engine): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

  const bodyLimit = Number.MAX_SAFE_INTEGER;
  app.post<{ Body: Readable | undefined }>("/images/create", { bodyLimit }, async (request, reply) => {
    const query = new Query(request);
    if (query.text("fromImage") !== undefined) return await pullImage(engine, query, request, reply);
    if (query.text("fromSrc") !== "-") throw new NotBuiltError("importing from a URL");
    if (query.text("changes") !== undefined) throw new NotBuiltError("import --change");
    const repository = query.text("repo");
    if (repository === undefined) {
      throw invalid("an imported image needs a name", "try: gantry import FILE NAME[:TAG]");
    }
    const tag = query.text("tag");
    const reference = tag === undefined ? repository : `${repository}:${tag}`;
    // No body at all is an empty archive: the store says what is wrong with it. When it refuses in the middle, the
    // stream must not be destroyed, which would take the connection and the answer along: node drops the rest.
    const body = (request.body ?? request.raw).iterator({ destroyOnReturn: false });
    const id = await engine.images.import(body, reference);
    return reply.type("application/json").send(`${JSON.stringify({ status: id })}\n`);
  });
}
