import { GantryError } from "../error.ts";
import type { Client } from "./client.ts";
import { filters, NUMBER_LABEL, PROJECT_LABEL, SERVICE_LABEL, type ContainerSummary } from "./docker.ts";

/** The containers of a project (of these services only, if any are named), by service and number, running or not. */
export async function containersOf(
  client: Client,
  project: string,
  services: readonly string[] | undefined,
): Promise<readonly ContainerSummary[]> {
  const found = await client.json<readonly ContainerSummary[]>("GET", "/containers/json", {
    query: { all: 1, filters: filters({ label: [`${PROJECT_LABEL}=${project}`] }) },
  });
  return found
    .filter(({ Labels }) => services === undefined || services.includes(Labels[SERVICE_LABEL] ?? ""))
    .sort((left, right) => {
      const [a, b] = [left.Labels[SERVICE_LABEL] ?? "", right.Labels[SERVICE_LABEL] ?? ""];
      if (a !== b) return a < b ? -1 : 1;
      return Number(left.Labels[NUMBER_LABEL]) - Number(right.Labels[NUMBER_LABEL]);
    });
}

/**
 * The running replica of a service with the lowest number, a paused one only if there is no other. Throws GantryError `container.not-running` if none runs.
 */
export async function firstRunning(
  client: Client,
  project: string,
  service: string,
): Promise<ContainerSummary> {
  const replicas = await containersOf(client, project, [service]);
  const found =
    replicas.find(({ State }) => State === "running") ?? replicas.find(({ State }) => State === "paused");
  if (found !== undefined) return found;
  throw new GantryError("container.not-running", `no replica of ${service} runs`, {
    next: "try: gantry ps -a",
  });
}

/** `web-1`: how logs name a replica; undefined for a container that is none. */
export function replicaName(labels: Readonly<Record<string, string>>): string | undefined {
  const service = labels[SERVICE_LABEL];
  return service === undefined ? undefined : `${service}-${labels[NUMBER_LABEL] ?? "1"}`;
}
