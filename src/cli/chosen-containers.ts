import type { Client } from "./client.ts";
import { containersOf } from "./containers.ts";
import type { Context } from "./context.ts";
import { nameOf } from "./docker.ts";
import type { SpecFlags } from "./spec-flags.ts";
import { findTargets } from "./targets.ts";

/**
 * The containers that words mean: of a service its running replicas, else the word as it is. Throws what findTargets
 * throws.
 */
export async function chosenContainers(
  context: Context,
  client: Client,
  words: readonly string[],
  flags: SpecFlags,
): Promise<readonly string[]> {
  const { project, services, containers } = await findTargets(context, client, words, flags);
  if (project === undefined || services?.length === 0) return containers;
  const replicas = await containersOf(client, project, services);
  return [...replicas.filter(({ State }) => isUp(State)).map(nameOf), ...containers];
}

/** Whether it has processes. */
function isUp(state: string): boolean {
  return state === "running" || state === "paused";
}
