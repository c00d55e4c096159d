import type { Client } from "./client.ts";
import { containersOf, firstRunning } from "./containers.ts";
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

/** The container that a word means: of a service its running replica with the lowest number. Throws as the above. */
export async function oneContainer(
  context: Context,
  client: Client,
  word: string,
  flags: SpecFlags,
): Promise<string> {
  const { project, services, containers } = await findTargets(context, client, [word], flags);
  const service = services?.[0];
  if (project === undefined || service === undefined) return containers[0] ?? word;
  return (await firstRunning(client, project, service)).Id;
}

/** Whether it has processes. */
function isUp(state: string): boolean {
  return state === "running" || state === "paused";
}
