import type { ObservedContainer } from "../../observe/snapshot.ts";
import type { Port } from "../../spec/project.ts";
import { GantryError } from "../../error.ts";
import type { Engine } from "../engine.ts";

export type PortsOf = (container: ObservedContainer) => readonly Port[];

/**
 * The ports published for each of these containers: those of its service, since all replicas answer behind one
 * port. None for a container that does not run or that no project wants any more.
 */
export async function publishedPorts(
  engine: Engine,
  containers: readonly ObservedContainer[],
): Promise<PortsOf> {
  const names = new Set(containers.flatMap(({ owner }) => owner?.project ?? []));
  const services = new Map<string, readonly Port[]>();
  await Promise.all(
    [...names].map(async (project) => {
      for (const [service, ports] of await portsOfProject(engine, project)) {
        services.set(`${project}/${service}`, ports);
      }
    }),
  );
  return ({ owner, state }) =>
    (state === "running" && services.get(`${owner?.project}/${owner?.service}`)) || [];
}

async function portsOfProject(engine: Engine, name: string): Promise<[string, readonly Port[]][]> {
  try {
    const { project } = await engine.projects.get(name);
    return Object.entries(project.services).map(([service, { ports }]) => [service, ports]);
  } catch (error) {
    if (error instanceof GantryError && error.code === "project.not-found") return [];
    throw error;
  }
}

/** Addresses a published port listens on; Docker writes "every address" as one of each family. */
export function hostAddresses(port: Port): readonly string[] {
  return port.hostIp === undefined ? ["0.0.0.0", "::"] : [port.hostIp];
}
