import { setTimeout as delay } from "node:timers/promises";

/**
 * Runs a task for a key such that everybody who asks is served by a run that began after he asked: a hundred requests
 * while one run is under way cost one further run.
 */
export class Coalesce {
  readonly #task: (key: string) => Promise<void>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Promise<void>>();

  readonly #restMs: number;
  readonly #ended = new Map<string, number>();

  /** `restMs`: how long to rest after a run, so that in a burst more requests share the next one. */
  constructor(task: (key: string) => Promise<void>, restMs = 0) {
    this.#task = task;
    this.#restMs = restMs;
  }

  async request(key: string): Promise<void> {
    const queued = this.#waiting.get(key);
    if (queued !== undefined) return await queued;
    const before = this.#running.get(key);
    const next = (before ?? Promise.resolve())
      .catch(() => undefined)
      .then(async () => {
        const rest = (this.#ended.get(key) ?? -Infinity) + this.#restMs - performance.now();
        if (rest > 0) await delay(rest);
        this.#waiting.delete(key);
        this.#running.set(key, next);
        await this.#task(key);
      })
      .finally(() => {
        if (this.#running.get(key) === next) this.#running.delete(key);
        if (this.#restMs > 0) this.#ended.set(key, performance.now());
      });
    this.#waiting.set(key, next);
    return await next;
  }
}
