import { NO_PROJECT } from "../net/definition.ts";
import type { ContainerRecord } from "../runtime/container.ts";

/** Where a container belongs in the tables of networks, names and ports. */
export interface Scope {
  readonly project: string;
  readonly service: string;
}

/** Its project and service; one without a project is a service of its own among all that have none. */
export function scopeOf({ owner, id }: Pick<ContainerRecord, "owner" | "id">): Scope {
  return owner ?? { project: NO_PROJECT, service: id };
}
