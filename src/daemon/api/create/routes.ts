import type { FastifyInstance } from "fastify";
import type { Engine } from "../../engine.ts";
import { readContainerName } from "../../container-name.ts";
import { type JsonObject, objectOf } from "../bodies.ts";
import { containerReference, type ContainerParams } from "../container-reference.ts";
import { labelsMatch, parseFilters } from "../filters.ts";
import { untilOf } from "../until-filter.ts";
import { invalid } from "../errors.ts";
import { Query } from "../query.ts";
import { limitsOf, restartOf } from "./limits.ts";
import { refuseUnbuilt } from "./refused.ts";
import { createRequest } from "./request.ts";
import { RequestReport } from "./request-report.ts";

interface OneContainer {
  Params: ContainerParams;
}

/** Docker's routes that make, rename, change and prune containers without a project. */
export function createRoutes(app: FastifyInstance, engine: Engine): void {
  const { containers } = engine;

  app.post("/containers/create", async (request, reply) => {
    const { asked, warnings } = createRequest(request.body, new Query(request));
    const created = await containers.create(asked);
    return reply.code(201).send({ Id: created.id, Warnings: [...warnings, ...created.warnings] });
  });

  app.post<OneContainer>("/containers/:container/rename", async (request, reply) => {
    const name = new Query(request).text("name");
    if (name === undefined) throw invalid("Neither old nor new names may be empty");
    await containers.rename(containerReference(request), readContainerName(name));
    return reply.code(204).send();
  });

  app.post<OneContainer>("/containers/:container/update", (request) =>
    update(engine, containerReference(request), objectOf(request.body)),
  );

  app.post("/containers/prune", (request) => prune(engine, new Query(request)));
}

async function update({ containers }: Engine, reference: string, body: JsonObject): Promise<object> {
  refuseUnbuilt({}, body);
  const report = new RequestReport();
  const { id, config } = await containers.find(reference);
  const restart = restartOf(body, report);
  const limits = limitsOf(body, report, config.limits);
  const warnings = await containers.update(id, { limits, ...(restart !== undefined && { restart }) });
  return { Warnings: warnings };
}

async function prune({ containers }: Engine, query: Query): Promise<object> {
  const filters = parseFilters(query.text("filters"), ["label", "until"]);
  const before = untilOf(filters);
  const removed: string[] = [];
  let reclaimed = 0;
  for (const { id, owner, state, config, createdAt } of await containers.list()) {
    // A project's containers are its loop's: one that has done its work is part of what the file says.
    if (owner !== undefined || state === "running" || createdAt >= before) continue;
    if (!labelsMatch(filters, config.labels)) continue;
    const size = await containers.size(id);
    await containers.remove(id, { force: false, volumes: false });
    removed.push(id);
    reclaimed += size;
  }
  return { ContainersDeleted: removed, SpaceReclaimed: reclaimed };
}
