import type { FastifyInstance } from "fastify";
import { GantryError } from "../../error.ts";
import type { Engine, ImageSummary } from "../engine.ts";
import { NotBuiltError } from "./errors.ts";
import { anyMatches, labelsMatch, parseFilters, type Filters } from "./filters.ts";
import { Query } from "./query.ts";

/** An image's name may contain slashes: it is the rest of the path. */
interface OneImage {
  Params: { "*": string };
}

/** Docker's routes that list, inspect and remove images. Importing one is image-import.ts. */
export function imageRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/images/json", (request) => list(engine, new Query(request)));

  app.get<OneImage>("/images/*", (request) => {
    const [, name, what] = /^(.+)\/(json|get|history)$/.exec(request.params["*"]) ?? [];
    if (name === undefined || what !== "json") throw new NotBuiltError(`GET /images/{name}/${what ?? "..."}`);
    return inspect(engine, name);
  });

  app.delete<OneImage>("/images/*", (request) =>
    remove(engine, request.params["*"], new Query(request).flag("force")),
  );
}

async function list(engine: Engine, query: Query): Promise<object[]> {
  const known = ["dangling", "label", "reference"];
  const filters = parseFilters(query.text("filters"), known, ["before", "since", "until"]);
  return (await engine.images.list()).filter((image) => matches(image, filters)).map(summary);
}

async function inspect(engine: Engine, name: string): Promise<object> {
  const found = (await engine.images.list()).find((image) => isNamed(image, name));
  if (found === undefined) throw new GantryError("image.not-found", `No such image: ${name}`);
  return detail(found);
}

async function remove(engine: Engine, name: string, force: boolean): Promise<object[]> {
  try {
    const removed = await engine.images.remove(name, { force });
    return removed.map((removal) =>
      "untagged" in removal ? { Untagged: removal.untagged } : { Deleted: removal.deleted },
    );
  } catch (error) {
    if (!(error instanceof GantryError) || error.code !== "image.not-found") throw error;
    // Docker's clients look for these words.
    throw new GantryError("image.not-found", `No such image: ${name}`, { cause: error });
  }
}

/** Engine API, ImageSummary. */
function summary(image: ImageSummary): object {
  return {
    Id: image.id,
    ParentId: "",
    RepoTags: image.references,
    RepoDigests: [],
    Created: Math.floor(image.createdAt / 1000),
    Size: image.sizeBytes,
    SharedSize: -1,
    Labels: image.labels,
    Containers: image.containers,
  };
}

/** Engine API, ImageInspect: what the image list knows. */
function detail(image: ImageSummary): object {
  return {
    Id: image.id,
    RepoTags: image.references,
    RepoDigests: [],
    Created: new Date(image.createdAt).toISOString(),
    Os: "linux",
    Size: image.sizeBytes,
    Config: { Labels: image.labels },
  };
}

function matches(image: ImageSummary, filters: Filters): boolean {
  return (
    labelsMatch(filters, image.labels) &&
    anyMatches(filters, "reference", (value) => image.references.some((one) => hasName(one, value))) &&
    anyMatches(
      filters,
      "dangling",
      (value) => (image.references.length === 0) === (value !== "false" && value !== "0"),
    )
  );
}

/** By reference, with or without its tag, by id, or by the beginning of an id. */
function isNamed(image: ImageSummary, name: string): boolean {
  const short = name.replace(/^sha256:/, "");
  return (
    image.id === name ||
    image.references.some((reference) => reference === name || reference === `${name}:latest`) ||
    (/^[0-9a-f]{4,64}$/.test(short) && image.id.startsWith(`sha256:${short}`))
  );
}

function hasName(reference: string, wanted: string): boolean {
  return reference === wanted || reference.startsWith(`${wanted}:`);
}
