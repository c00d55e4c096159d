import type { FastifyInstance } from "fastify";
import { messageOf } from "../../error.ts";
import type { Engine } from "../engine.ts";
import { WAIT_CONDITIONS, type WaitCondition } from "../wait.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { invalid } from "./errors.ts";
import { Query } from "./query.ts";
import { beginStream, disconnection } from "./stream.ts";

/** `POST /containers/{id}/wait?condition=`: the exit status, once it is so. */
export function waitRoutes(app: FastifyInstance, engine: Engine): void {
  const { containers } = engine;
  app.post<{ Params: ContainerParams }>("/containers/:container/wait", async (request, reply) => {
    const condition = conditionOf(new Query(request));
    const { id } = await containers.find(containerReference(request));
    const exit = containers.wait(id, condition, disconnection(reply));
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

function conditionOf(query: Query): WaitCondition {
  const text = query.text("condition") ?? "not-running";
  const condition = WAIT_CONDITIONS.find((one) => one === text);
  if (condition !== undefined) return condition;
  throw invalid(`invalid condition: "${text}"`, `conditions are ${WAIT_CONDITIONS.join(", ")}`);
}
