import { networkName } from "../net/definition.ts";
import { scopeOf } from "./scope.ts";
import type { ContainerRecord, NetworkAttachment } from "../runtime/container.ts";

/** The networks a container is in, its first interface's first. */
export function attachmentsOf(
  record: Pick<ContainerRecord, "id" | "owner" | "address" | "networks">,
): readonly NetworkAttachment[] {
  if (record.networks !== undefined) return record.networks;
  if (record.address === undefined) return [];
  return [{ network: networkName(scopeOf(record).project), address: record.address }];
}
