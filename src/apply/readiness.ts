import type { ContainerRecord } from "../runtime/container.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { scopeOf } from "./scope.ts";

/** Which containers are to be found and to get connections: one place for the proxy's table and for names. */
export class Readiness {
  readonly #runtime: Runtime;
  /** Containers that are leaving: they run, and get nothing new. */
  readonly #leaving = new Set<string>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  leave(id: string): void {
    this.#leaving.add(id);
  }

  /** It has stopped, or stays after all. */
  forget(id: string): void {
    this.#leaving.delete(id);
  }

  /** Whether it may be sent somebody: it runs, is not leaving, and its health check, if it has one, says so. */
  ready({ id }: ContainerRecord): boolean {
    if (this.#runtime.status(id).phase !== "running" || this.#leaving.has(id)) return false;
    const health = this.#runtime.health.of(id);
    return health === undefined || health.status === "healthy";
  }

  /** The ready containers of a project. */
  of(project: string): readonly ContainerRecord[] {
    return this.#runtime.records
      .list()
      .filter((record) => scopeOf(record).project === project && this.ready(record));
  }

  /** All that are ready. */
  all(): readonly ContainerRecord[] {
    return this.#runtime.records.list().filter((record) => this.ready(record));
  }
}
