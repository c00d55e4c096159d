import type { Path } from "./path.ts";
import type { Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import type { Integer } from "./scalar.ts";

/** The keys of a service that say how many replicas it has: both mean the same. */
export interface ReplicaKeys {
  readonly scale?: Integer;
  readonly deploy?: { readonly replicas?: Integer };
  readonly container_name?: string;
}

/** The addresses, processes and descriptors of one machine end below this. */
export const MAX_REPLICAS = 10_000;

/** The number of replicas, 1 where the file says nothing. */
export function readReplicas(service: ReplicaKeys, path: Path, report: Report): number {
  const deployPath = [...path, "deploy", "replicas"];
  const scalePath = [...path, "scale"];
  const read = (where: Path, value: Integer | undefined) =>
    value === undefined ? undefined : report.attempt(where, () => readInteger(value, 0, MAX_REPLICAS));
  const deploy = read(deployPath, service.deploy?.replicas);
  const scale = read(scalePath, service.scale);
  if (deploy !== undefined && scale !== undefined && deploy !== scale)
    report.error(scalePath, `disagrees with deploy.replicas (${scale} and ${deploy}); keep one of the two`);
  const replicas = deploy ?? scale ?? 1;
  if (replicas > 1 && service.container_name !== undefined)
    report.error([...path, "container_name"], `${replicas} replicas cannot share one container name`, "key");
  return replicas;
}
