import type { ObservedContainer } from "../../observe/snapshot.ts";
import { isPending } from "../../reconcile/job-steps.ts";
import { stateText } from "./container-status.ts";
import { anyMatches, labelsMatch, parseFilters, type Filters } from "./filters.ts";
import { invalid } from "./errors.ts";
import type { Query } from "./query.ts";

const STATES = ["created", "restarting", "running", "removing", "paused", "exited", "dead"];

const LATER = "before exited expose is-task isolation network publish since volume".split(" ");

/** The containers that `GET /containers/json` was asked for, newest first. Throws request.invalid. */
export function selectContainers(
  containers: readonly ObservedContainer[],
  query: Query,
): readonly ObservedContainer[] {
  const filters = parseFilters(
    query.text("filters"),
    ["ancestor", "health", "id", "label", "name", "status"],
    LATER,
  );
  for (const status of filters.get("status") ?? []) {
    if (!STATES.includes(status)) throw invalid(`invalid filter 'status=${status}'`);
  }
  const now = Date.now();
  const limit = query.integer("limit") ?? 0;
  const all = query.flag("all") || limit > 0 || filters.has("status");
  const selected = containers
    .filter((container) => (all || isUp(container, now)) && matches(container, filters, now))
    .sort((one, other) => other.createdAt - one.createdAt);
  return limit > 0 ? selected.slice(0, limit) : selected;
}

/** To docker, one that is to be started again soon is up, too; to us also a run that is to come. */
function isUp(container: ObservedContainer, now: number): boolean {
  if (container.state === "running" || isPending(container)) return true;
  return stateText(container, now) === "restarting";
}

function matches(container: ObservedContainer, filters: Filters, now: number): boolean {
  return (
    labelsMatch(filters, container.config.labels) &&
    anyMatches(filters, "name", (value) => nameMatches(container.name, value)) &&
    anyMatches(filters, "id", (value) => container.id.startsWith(value)) &&
    anyMatches(filters, "status", (value) => stateText(container, now) === value) &&
    anyMatches(filters, "health", (value) => (container.health?.status ?? "none") === value) &&
    anyMatches(filters, "ancestor", (value) => isAncestor(container, value))
  );
}

/**
 * Docker takes a regular expression here. What people write in it is a part of the name, or `^name$`, with or
 * without the slash; a stranger's regular expression is not run, as it can take for ever.
 */
function nameMatches(name: string, pattern: string): boolean {
  const fromStart = /^\^?\//.test(pattern) || pattern.startsWith("^");
  const toEnd = pattern.endsWith("$");
  const text = pattern.replace(/^\^?\/?/, "").replace(/\$$/, "");
  if (fromStart && toEnd) return name === text;
  if (fromStart) return name.startsWith(text);
  return toEnd ? name.endsWith(text) : name.includes(text);
}

function isAncestor({ config, imageId }: ObservedContainer, value: string): boolean {
  return (
    config.image === value ||
    config.image === `${value}:latest` ||
    imageId === value ||
    (value.length >= 4 && imageId.startsWith(`sha256:${value}`))
  );
}
