import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { GantryError } from "../../error.ts";
import type { ProcessTable } from "../../runtime/process-table.ts";
import type { Engine } from "../engine.ts";
import { containerReference, type ContainerParams } from "./container-reference.ts";
import { Query } from "./query.ts";
import { type Sample, statsShape } from "./stats-shape.ts";
import { disconnection, sendStream } from "./stream.ts";

/** Between two samples, as docker has it. */
const INTERVAL_MS = 1000;

interface OneContainer {
  Params: ContainerParams;
}

/** `GET /containers/{id}/stats` and `/top`: what a container uses, and which processes it has. */
export function usageRoutes(app: FastifyInstance, { containers }: Engine): void {
  app.get<OneContainer>("/containers/:container/stats", async (request, reply) => {
    const query = new Query(request);
    const container = await containers.find(containerReference(request));
    const streaming = query.text("stream") === undefined || query.flag("stream");
    if (!streaming) {
      const before = query.flag("one-shot") ? undefined : await containers.usage(container.id);
      if (before !== undefined) await delay(INTERVAL_MS);
      return statsShape(container, await containers.usage(container.id), before);
    }
    const signal = disconnection(reply);
    async function* lines(): AsyncGenerator<string> {
      for (let before: Sample; !signal.aborted;) {
        const now = await containers.usage(container.id);
        yield `${JSON.stringify(statsShape(container, now, before))}\n`;
        before = now;
        await delay(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return sendStream(reply, "application/json", untilRemoved(lines()));
  });

  app.get<OneContainer>("/containers/:container/top", (request) => {
    const words = new Query(request).text("ps_args")?.trim().split(/\s+/) ?? ["-ef"];
    return containers.processes(containerReference(request), words).then(topShape);
  });
}

function topShape({ titles, processes }: ProcessTable): object {
  return { Titles: titles, Processes: processes };
}

/** A container that is removed ends its stream; that is no failure. */
async function* untilRemoved(lines: AsyncIterable<string>): AsyncGenerator<string> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof GantryError && error.code === "container.not-found")) throw error;
  }
}
