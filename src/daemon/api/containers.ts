import type { FastifyInstance } from "fastify";
import { messageOf } from "../../error.ts";
import type { Engine } from "../engine.ts";
import { containerDetail } from "./container-detail.ts";
import { selectContainers } from "./container-filter.ts";
import { publishedPorts } from "./container-ports.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { containerSummary } from "./container-summary.ts";
import { invalid, NotBuiltError } from "./errors.ts";
import { Query } from "./query.ts";
import { beginStream } from "./stream.ts";

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
    const query = new Query(request);
    if (query.text("signal") !== undefined) throw new NotBuiltError("stopping with another signal");
    const stopped = await containers.stop(containerReference(request), grace(query));
    return reply.code(stopped ? 204 : 304).send();
  });

  app.post<OneContainer>("/containers/:container/restart", async (request, reply) => {
    const query = new Query(request);
    if (query.text("signal") !== undefined) throw new NotBuiltError("stopping with another signal");
    await containers.restart(containerReference(request), grace(query));
    return reply.code(204).send();
  });

  app.post<OneContainer>("/containers/:container/kill", async (request, reply) => {
    const signal = new Query(request).text("signal") ?? "SIGKILL";
    if (!/^[A-Za-z0-9+-]{1,20}$/.test(signal)) throw invalid(`Invalid signal: ${signal}`);
    await containers.kill(containerReference(request), signal.toUpperCase());
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

  app.post<OneContainer>("/containers/:container/wait", async (request, reply) => {
    const condition = new Query(request).text("condition") ?? "not-running";
    if (condition !== "not-running") throw new NotBuiltError(`waiting for "${condition}"`);
    const { id } = await containers.find(containerReference(request));
    const exit = containers.wait(id);
    // The head goes out now: docker's CLI takes it as the promise that the wait has begun.
    const response = beginStream(reply, "application/json");
    response.end(
      await exit.then(
        (code) => JSON.stringify({ StatusCode: code }),
        (error: unknown) => JSON.stringify({ StatusCode: -1, Error: { Message: messageOf(error) } }),
      ),
    );
  });
}

async function list(engine: Engine, query: Query): Promise<object[]> {
  const selected = selectContainers(await engine.containers.list(), query);
  const portsOf = await publishedPorts(engine, selected);
  const now = Date.now();
  return selected.map((container) => containerSummary(container, portsOf(container), now));
}

async function inspect(engine: Engine, reference: string): Promise<object> {
  const container = await engine.containers.find(reference);
  const portsOf = await publishedPorts(engine, [container]);
  return containerDetail(container, portsOf(container));
}

/** A negative `t` waits as long as it takes. */
function grace(query: Query): { graceMs?: number } {
  const seconds = query.integer("t");
  if (seconds === undefined) return {};
  return { graceMs: seconds < 0 ? Number.MAX_SAFE_INTEGER : seconds * 1000 };
}
