import type { FastifyInstance, FastifyReply } from "fastify";
import type { Engine } from "../engine.ts";
import type { PathStatus } from "../path-status.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { invalid } from "./errors.ts";
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
