import type { FastifyInstance } from "fastify";
import type { Engine, StopOptions } from "../engine.ts";
import { containerDetail } from "./container-detail.ts";
import { selectContainers } from "./container-filter.ts";
import { publishedPorts } from "./container-ports.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { containerSummary } from "./container-summary.ts";
import { invalid, NotBuiltError } from "./errors.ts";
import { Query } from "./query.ts";

/** A timer takes no more than 24 days. */
const LONGEST_GRACE_MS = 2 ** 31 - 1;

interface OneContainer {
  Params: ContainerParams;
}

/** Docker's routes that list, inspect, start, stop and remove containers. */
export function containerRoutes(app: FastifyInstance, engine: Engine): void {
  const { containers } = engine;

  app.get("/containers/json", (request) => list(engine, new Query(request)));
  app.get<OneContainer>("/containers/:container/json", (request) =>
    inspect(engine, containerReference(request)),
  );

  app.post<OneContainer>("/containers/:container/start", async (request, reply) => {
    const started = await containers.start(containerReference(request));
    return reply.code(started ? 204 : 304).send();
  });

  app.post<OneContainer>("/containers/:container/stop", async (request, reply) => {
    const stopped = await containers.stop(containerReference(request), stopOptions(new Query(request)));
    return reply.code(stopped ? 204 : 304).send();
  });

  app.post<OneContainer>("/containers/:container/restart", async (request, reply) => {
    await containers.restart(containerReference(request), stopOptions(new Query(request)));
    return reply.code(204).send();
  });

  app.post<OneContainer>("/containers/:container/kill", async (request, reply) => {
    const signal = signalOf(new Query(request)) ?? "SIGKILL";
    await containers.kill(containerReference(request), signal);
    return reply.code(204).send();
  });

  for (const verb of ["pause", "unpause"] as const)
    app.post<OneContainer>(`/containers/:container/${verb}`, async (request, reply) => {
      await containers[verb](containerReference(request));
      return reply.code(204).send();
    });

  app.delete<OneContainer>("/containers/:container", async (request, reply) => {
    const query = new Query(request);
    if (query.flag("link")) throw new NotBuiltError("removing a link");
    const options = { force: query.flag("force"), volumes: query.flag("v") };
    await containers.remove(containerReference(request), options);
    return reply.code(204).send();
  });
}

async function list(engine: Engine, query: Query): Promise<object[]> {
  const selected = selectContainers(await engine.containers.list(), query);
  const portsOf = publishedPorts(engine);
  const now = Date.now();
  return selected.map((container) => containerSummary(container, portsOf(container), now));
}

async function inspect(engine: Engine, reference: string): Promise<object> {
  const container = await engine.containers.find(reference);
  return containerDetail(container, publishedPorts(engine)(container));
}

/** A negative `t` waits as long as it takes. */
function stopOptions(query: Query): StopOptions {
  const seconds = query.integer("t");
  const signal = signalOf(query);
  return {
    ...(seconds !== undefined && { graceMs: seconds < 0 ? LONGEST_GRACE_MS : seconds * 1000 }),
    ...(signal !== undefined && { signal }),
  };
}

function signalOf(query: Query): string | undefined {
  const signal = query.text("signal");
  if (signal === undefined) return undefined;
  if (!/^[A-Za-z0-9+-]{1,20}$/.test(signal)) throw invalid(`Invalid signal: ${signal}`);
  return signal.toUpperCase();
}
