import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GantryError } from "../../error.ts";
import type { Engine } from "../engine.ts";
import { NotBuiltError } from "./errors.ts";
import { parseFilters } from "./filters.ts";
import { filteredImages, IMAGE_FILTERS, isTrue, untilOf } from "./image-filter.ts";
import { sendArchive } from "./image-archive.ts";
import { pushImage } from "./image-push.ts";
import { historyShape, imageDetail, imageSummary } from "./image-shape.ts";
import { Query } from "./query.ts";

/** An image's name may contain slashes: it is the rest of the path. */
interface OneImage {
  Params: { "*": string };
}

/** Docker's routes for images in the store. What has an archive as its body is image-import.ts. */
export function imageRoutes(app: FastifyInstance, engine: Engine): void {
  const { images } = engine;
  app.get("/images/json", (request) => list(engine, new Query(request)));

  app.get("/images/get", (request, reply) => sendArchive(engine, new Query(request).texts("names"), reply));

  app.get<OneImage>("/images/*", (request, reply) => {
    const [, name, what] = /^(.+)\/(json|get|history)$/.exec(request.params["*"]) ?? [];
    if (name === undefined) throw new NotBuiltError("GET /images/{name}/...");
    if (what === "get") return sendArchive(engine, [name], reply);
    return inDockersWords(
      name,
      what === "json" ? images.inspect(name).then(imageDetail) : history(engine, name),
    );
  });

  app.post("/images/prune", (request) => prune(engine, new Query(request)));

  app.post<OneImage>("/images/*", (request, reply) => {
    const [, name, what] = /^(.+)\/(tag|push)$/.exec(request.params["*"]) ?? [];
    if (name === undefined) throw new NotBuiltError("POST /images/{name}/...");
    if (what === "push") return pushImage(engine, name, request, reply);
    return tag(engine, name, new Query(request), reply);
  });

  app.delete<OneImage>("/images/*", (request) => remove(engine, request));
}

async function list(engine: Engine, query: Query): Promise<readonly object[]> {
  const filters = parseFilters(query.text("filters"), IMAGE_FILTERS);
  const usage = query.flag("shared-size") ? await engine.images.usage() : undefined;
  const found = filteredImages(await engine.images.list(), filters);
  return found.map((image) => imageSummary(image, usage));
}

async function history(engine: Engine, name: string): Promise<readonly object[]> {
  const { image } = await engine.images.inspect(name);
  return historyShape(await engine.images.history(image.id), image);
}

async function tag(engine: Engine, name: string, query: Query, reply: FastifyReply): Promise<void> {
  const tagged = query.text("tag");
  const repository = query.text("repo") ?? "";
  const reference = tagged === undefined ? repository : `${repository}:${tagged}`;
  await inDockersWords(name, engine.images.tag(name, reference));
  void reply.code(201).send();
}

async function prune(engine: Engine, query: Query): Promise<object> {
  const filters = parseFilters(query.text("filters"), ["dangling", "label", "label!", "until"]);
  const until = untilOf(filters);
  const { removed, reclaimedBytes } = await engine.images.prune({
    all: filters.get("dangling")?.some((value) => !isTrue(value)) ?? false,
    labels: filters.get("label") ?? [],
    notLabels: filters.get("label!") ?? [],
    ...(until === undefined ? {} : { until }),
  });
  return { ImagesDeleted: removed.map(removalShape), SpaceReclaimed: reclaimedBytes };
}

async function remove(engine: Engine, request: FastifyRequest<OneImage>): Promise<readonly object[]> {
  const name = request.params["*"];
  const force = new Query(request).flag("force");
  return (await inDockersWords(name, engine.images.remove(name, { force }))).map(removalShape);
}

function removalShape(removal: { readonly untagged: string } | { readonly deleted: string }): object {
  return "untagged" in removal ? { Untagged: removal.untagged } : { Deleted: removal.deleted };
}

/** Docker's clients look for these words. */
async function inDockersWords<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof GantryError) || cause.code !== "image.not-found") throw cause;
    throw new GantryError("image.not-found", `No such image: ${name}`, { cause });
  }
}
