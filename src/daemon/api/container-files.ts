import type { FastifyInstance, FastifyReply } from "fastify";
import type { Readable } from "node:stream";
import type { Engine } from "../engine.ts";
import type { PathStatus } from "../path-status.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { invalid, NotBuiltError } from "./errors.ts";
import { Query } from "./query.ts";
import { sendStream } from "./stream.ts";

interface OneContainer {
  Params: ContainerParams;
}

const KINDS = { changed: 0, added: 1, deleted: 2 } as const;
const TAR = "application/x-tar";

/** Docker's routes about a container's files: what it changed, all of them, some of them, and an image made of them. */
export function fileRoutes(app: FastifyInstance, engine: Engine): void {
  const { containers } = engine;

  app.get<OneContainer>("/containers/:container/changes", (request) =>
    changes(engine, containerReference(request)),
  );

  app.get<OneContainer>("/containers/:container/export", async (request, reply) => {
    await sendStream(reply, TAR, await containers.export(containerReference(request)));
  });

  app.head<OneContainer>("/containers/:container/archive", async (request, reply) => {
    const status = await containers.pathStatus(containerReference(request), pathIn(new Query(request)));
    return withStatus(reply, status).code(200).send();
  });

  app.get<OneContainer>("/containers/:container/archive", async (request, reply) => {
    const container = containerReference(request);
    const path = pathIn(new Query(request));
    withStatus(reply, await containers.pathStatus(container, path));
    await sendStream(reply, TAR, await containers.readPath(container, path));
  });

  app.post("/commit", async (request, reply) => {
    const query = new Query(request);
    const container = query.text("container");
    if (container === undefined) throw invalid("name the container: ?container=");
    const [repository, tag] = [query.text("repo"), query.text("tag")];
    const reference = repository === undefined || tag === undefined ? repository : `${repository}:${tag}`;
    const author = query.text("author");
    const comment = query.text("comment");
    const id = await containers.commit(containerReference({ params: { container } }), {
      ...(reference === undefined ? {} : { reference }),
      ...(author === undefined ? {} : { author }),
      ...(comment === undefined ? {} : { comment }),
      changes: query
        .texts("changes")
        .flatMap((text) => text.split("\n").filter((line) => line.trim() !== "")),
      // Docker's default, unless it is said otherwise.
      pause: query.text("pause") === undefined || query.flag("pause"),
    });
    return reply.code(201).send({ Id: id });
  });
}

/** Engine API, FilesystemChange. */
async function changes(engine: Engine, container: string): Promise<readonly object[]> {
  const all = await engine.containers.changes(container);
  return all.map(({ kind, path }) => ({ Path: path, Kind: KINDS[kind] }));
}

/** `PUT /containers/{id}/archive`: an archive of any length as the body. A plugin of its own reads such bodies. */
export function fileUploadRoutes(app: FastifyInstance, engine: Engine): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  const bodyLimit = Number.MAX_SAFE_INTEGER;
  app.put<OneContainer & { Body: Readable | undefined }>(
    "/containers/:container/archive",
    { bodyLimit },
    async (request, reply) => {
      const query = new Query(request);
      const container = containerReference(request);
      const { config } = await engine.containers.find(container);
      if (query.flag("copyUIDGID") && config.user !== undefined)
        throw new NotBuiltError("copyUIDGID for a container that runs as another user than root");
      const body = (request.body ?? request.raw).iterator({ destroyOnReturn: false });
      const options = { path: pathIn(query), keepKinds: query.flag("noOverwriteDirNonDir") };
      await engine.containers.writePath(container, options, body);
      return reply.code(200).send();
    },
  );
}

function pathIn(query: Query): string {
  const path = query.text("path");
  if (path === undefined) throw invalid("name the path in the container: ?path=");
  if (path.includes("\0")) throw invalid("the path contains a zero byte");
  return path.startsWith("/") ? path : `/${path}`;
}

/** Engine API, X-Docker-Container-Path-Stat. */
function withStatus(
  reply: FastifyReply,
  { name, size, mode, modifiedAt, linkTarget }: PathStatus,
): FastifyReply {
  const stat = { name, size, mode, mtime: new Date(modifiedAt).toISOString(), linkTarget };
  return reply.header("X-Docker-Container-Path-Stat", Buffer.from(JSON.stringify(stat)).toString("base64"));
}
