import type { FastifyInstance } from "fastify";
import type { Engine, EngineEvent } from "../engine.ts";
import { anyMatches, labelsMatch, parseFilters, type Filters } from "./filters.ts";
import { Query } from "./query.ts";
import { beginStream, disconnection, writeSoon } from "./stream.ts";

/** Bytes an unread stream may hold here before its client is taken to be stuck. */
const MOST_UNREAD = 1024 * 1024;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const FILTERS = ["container", "event", "image", "label", "type"];
const LATER = ["config", "daemon", "network", "node", "plugin", "scope", "secret", "service", "volume"];

/**
 * `GET /events`: what happens from now on, one JSON object per line, until `until` or until the client leaves.
 * Events are not kept, so that `since` finds nothing older. They do not wait for anybody: a client that leaves
 * 1 MiB unread is disconnected.
 */
export function eventRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/events", (request, reply) => {
    const query = new Query(request);
    const filters = parseFilters(query.text("filters"), FILTERS, LATER);
    const until = query.time("until");
    const gone = disconnection(reply);
    const response = beginStream(reply, "application/json");
    const unsubscribe = engine.subscribe((event) => {
      if (!matches(event, filters)) return;
      writeSoon(response, `${JSON.stringify(message(event))}\n`);
      if (response.writableLength > MOST_UNREAD) response.destroy();
    });
    const left = Math.max(0, (until ?? Infinity) - Date.now());
    const timer = left > LONGEST_TIMER_MS ? undefined : setTimeout(() => end(), left);
    const end = (): void => {
      clearTimeout(timer);
      unsubscribe();
      response.end();
    };
    gone.addEventListener("abort", end);
  });
}

/** Engine API, EventMessage, with the members older clients read (status, id, from). */
function message({ type, action, id, attributes, time }: EngineEvent): object {
  const legacy = type === "container" || type === "image" ? { status: action, id } : {};
  const from = type === "container" ? { from: attributes["image"] ?? "" } : {};
  return {
    ...legacy,
    ...from,
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: "local",
    time: Math.floor(time / 1000),
    timeNano: Math.floor(time) * 1e6,
  };
}

function matches(event: EngineEvent, filters: Filters): boolean {
  return (
    labelsMatch(filters, event.attributes) &&
    anyMatches(filters, "type", (value) => event.type === value) &&
    anyMatches(filters, "event", (value) => event.action === value) &&
    anyMatches(filters, "container", (value) => event.type === "container" && concerns(event, value)) &&
    anyMatches(filters, "image", (value) => event.attributes["image"] === value || concerns(event, value))
  );
}

function concerns({ id, attributes }: EngineEvent, value: string): boolean {
  return attributes["name"] === value || (value.length > 0 && id.startsWith(value));
}
