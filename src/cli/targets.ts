import { GantryError } from "../error.ts";
import type { Project } from "../spec/project.ts";
import { segment, type Client } from "./client.ts";
import type { Context } from "./context.ts";
import { projectName, type SpecFlags } from "./spec-flags.ts";

/** What the words after a verb mean. */
export interface Targets {
  /** Undefined where no project is concerned. */
  readonly project?: string;
  /** Services of the project; undefined means all of them, where no words were given. */
  readonly services?: readonly string[];
  /** Names or ids of containers. */
  readonly containers: readonly string[];
}

/** `web.3` as plans print it, `web-3` as logs do. */
const REPLICA = /^(?<service>.+)[.-](?<number>[1-9]\d*)$/;

/**
 * Sorts words into services and containers. A word is a service if the project has it, a replica (`web.3`, `web-3`) if
 * the project has its service, else the name or id of a container. Duplicates are dropped, the order is kept.
 */
export function sortTargets(
  words: readonly string[],
  project: string,
  services: Readonly<Record<string, { readonly containerName?: string }>>,
): Targets {
  const known = new Map(Object.entries(services));
  const chosen = new Set<string>();
  const containers = new Set<string>();
  for (const word of words) {
    const { service, number } = REPLICA.exec(word)?.groups ?? {};
    if (known.has(word)) chosen.add(word);
    else if (service !== undefined && known.has(service))
      containers.add(known.get(service)?.containerName ?? `${project}-${service}-${number}`);
    else containers.add(word);
  }
  return { project, services: [...chosen], containers: [...containers] };
}

/**
 * What the words mean here: without words the whole project that the flags or the current folder name; with words,
 * services of that project if there is one, else containers. Throws SpecError without words and without a spec, and
 * GantryError `project.not-found` for a project that was named and does not exist.
 */
export async function findTargets(
  context: Context,
  client: Client,
  words: readonly string[],
  flags: SpecFlags,
): Promise<Targets> {
  const named = flags.project !== undefined || flags.file !== undefined;
  if (words.length === 0) return { project: await projectName(context, client, flags), containers: [] };
  const project = await nameOrNothing(context, client, flags, named);
  if (project === undefined) return { containers: words };
  const services = await servicesOf(client, project, named);
  return services === undefined ? { containers: words } : sortTargets(words, project, services);
}

async function nameOrNothing(
  context: Context,
  client: Client,
  flags: SpecFlags,
  named: boolean,
): Promise<string | undefined> {
  try {
    return await projectName(context, client, flags);
  } catch (error) {
    // Nobody asked for a project: words are containers then, whatever the folder holds.
    if (!named && error instanceof GantryError && error.code.startsWith("spec.")) return undefined;
    throw error;
  }
}

async function servicesOf(
  client: Client,
  project: string,
  named: boolean,
): Promise<Project["services"] | undefined> {
  try {
    const found = await client.json<{ readonly project: Project }>(
      "GET",
      `/gantry/v1/projects/${segment(project)}`,
    );
    return found.project.services;
  } catch (error) {
    if (!named && error instanceof GantryError && error.code === "project.not-found") return undefined;
    throw error;
  }
}
