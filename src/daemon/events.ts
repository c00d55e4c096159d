import type { ContainerEvent } from "../apply/containers.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import type { HealthStatus } from "../runtime/health/state.ts";
import type { ContainerStatus } from "../runtime/runtime.ts";
import type { EngineEvent } from "./engine.ts";

/** Tells everybody who asked. A listener that throws is the API's defect and ends nobody else's stream. */
export class Events {
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** What happens to a container. */
export type ContainerAction =
  ContainerEvent | "start" | "die" | "pause" | "unpause" | "commit" | `health_status: ${HealthStatus}`;

/** A change of a container in docker's vocabulary; a death by lack of memory is two events, as docker has it. */
export function containerEvent(
  action: ContainerAction,
  { id, name, config }: ContainerRecord,
  status: ContainerStatus,
): readonly EngineEvent[] {
  const attributes = { ...config.labels, name, image: config.image };
  const event = { type: "container", action, id, attributes, time: Date.now() } as const;
  if (action !== "die" || status.phase !== "exited") return [event];
  const { code, oomKilled } = status.exit;
  const died = { ...event, attributes: { ...attributes, exitCode: String(code) } };
  return oomKilled ? [{ ...event, action: "oom" }, died] : [died];
}
