import type { FastifyInstance } from "fastify";
import { GantryError } from "../../error.ts";
import type { Engine, VolumeSummary } from "../engine.ts";
import { objectIn, objectOf, textIn, textMapIn } from "./bodies.ts";
import { NotBuiltError } from "./errors.ts";
import { anyMatches, type Filters, labelsMatch, parseFilters } from "./filters.ts";
import { Query } from "./query.ts";

interface OneVolume {
  Params: { volume: string };
}

/** By which docker's clients tell anonymous volumes from named ones. */
const ANONYMOUS = "com.docker.volume.anonymous";

/** Docker's routes about volumes. */
export function volumeRoutes(app: FastifyInstance, engine: Engine): void {
  const { volumes } = engine;

  app.get("/volumes", (request) => list(engine, new Query(request)));

  app.post("/volumes/create", async (request, reply) => {
    const body = objectOf(request.body);
    const driver = textIn(body, "Driver") ?? "local";
    if (driver !== "local") throw new NotBuiltError(`the volume driver "${driver}"`);
    const [option] = Object.keys(objectIn(body, "DriverOpts"));
    if (option !== undefined) throw new NotBuiltError(`the volume option "${option}"`);
    const name = textIn(body, "Name");
    const labels = { ...textMapIn(body, "Labels"), ...(name === undefined && { [ANONYMOUS]: "" }) };
    return reply.code(201).send(volumeDetail(await volumes.create(name, labels)));
  });

  app.get<OneVolume>("/volumes/:volume", (request) => volumes.find(request.params.volume).then(volumeDetail));

  app.delete<OneVolume>("/volumes/:volume", async (request, reply) => {
    await volumes.remove(request.params.volume, { force: new Query(request).flag("force") });
    return reply.code(204).send();
  });

  app.post("/volumes/prune", (request) => prune(engine, new Query(request)));
}

async function list({ volumes }: Engine, query: Query): Promise<object> {
  const filters = parseFilters(query.text("filters"), ["dangling", "driver", "label", "name"]);
  const found = (await volumes.list()).filter((volume) => matches(volume, filters));
  return { Volumes: found.map(volumeDetail), Warnings: null };
}

async function prune({ volumes }: Engine, query: Query): Promise<object> {
  const filters = parseFilters(query.text("filters"), ["all", "label"]);
  const all = filters.get("all")?.some((value) => value !== "false" && value !== "0") ?? false;
  const removed: string[] = [];
  let reclaimed = 0;
  for (const volume of await volumes.list()) {
    if (volume.users.length > 0 || !(all || isAnonymous(volume))) continue;
    if (!labelsMatch(filters, volume.labels)) continue;
    try {
      const size = await volumes.size(volume.name);
      await volumes.remove(volume.name, { force: true });
      removed.push(volume.name);
      reclaimed += size;
    } catch (error) {
      if (!(error instanceof GantryError)) throw error; // somebody took it meanwhile
    }
  }
  return { VolumesDeleted: removed, SpaceReclaimed: reclaimed };
}

function isAnonymous({ name, labels }: VolumeSummary): boolean {
  return Object.hasOwn(labels, ANONYMOUS) || /^[0-9a-f]{64}$/.test(name);
}

function matches({ name, labels, users }: VolumeSummary, filters: Filters): boolean {
  return (
    labelsMatch(filters, labels) &&
    anyMatches(filters, "name", (value) => name.includes(value)) &&
    anyMatches(filters, "driver", (value) => value === "local") &&
    anyMatches(filters, "dangling", (value) => (users.length === 0) === !["false", "0"].includes(value))
  );
}

/** Engine API, Volume. */
function volumeDetail({ name, labels, createdAt, data }: VolumeSummary): object {
  return {
    CreatedAt: new Date(createdAt).toISOString(),
    Driver: "local",
    Labels: Object.keys(labels).length === 0 ? null : labels,
    Mountpoint: data,
    Name: name,
    Options: null,
    Scope: "local",
  };
}
