import type { ObservedContainer, PublishedPort } from "../observe/snapshot.ts";
import type { Step } from "./action.ts";
import { byText } from "./order.ts";
import { portsSubject } from "./ports.ts";

/**
 * Closes what services listen on, the last service first, each when its containers have been drained. `drained` as
 * `leaving` gives it; `after` is what comes before where no container leaves.
 */
export function closeSteps(
  project: string,
  closing: ReadonlyMap<string, readonly PublishedPort[]>,
  reason: (service: string) => string,
  drained: ReadonlyMap<string, readonly string[]>,
  after: readonly string[],
): Step[] {
  return [...closing]
    .sort(([a], [b]) => byText(b, a))
    .map(([service, ports]) => ({
      key: `close ${service}`,
      action: { kind: "publish", project, service, ports: [] },
      subject: portsSubject(ports),
      cause: reason(service),
      after: drained.get(service) ?? after,
    }));
}

/** By service, the keys of the steps that stop or remove its containers. */
export function leaving(
  steps: readonly Step[],
  containers: readonly ObservedContainer[],
): Map<string, readonly string[]> {
  const serviceOf = new Map(containers.map((container) => [container.id, container.owner?.service ?? ""]));
  const result = new Map<string, string[]>();
  for (const { action, key } of steps) {
    if (action.kind !== "remove" && action.kind !== "stop") continue;
    const service = serviceOf.get(action.id) ?? "";
    const keys = result.get(service);
    if (keys === undefined) result.set(service, [key]);
    else keys.push(key);
  }
  return result;
}
