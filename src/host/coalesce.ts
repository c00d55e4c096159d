/**
 * Runs a task for a key such that everybody who asks is served by a run that began after he asked: a hundred requests
 * while one run is under way cost one further run.
 */
export class Coalesce {
  readonly #task: (key: string) => Promise<void>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Promise<void>>();

  constructor(task: (key: string) => Promise<void>) {
    this.#task = task;
  }

  async request(key: string): Promise<void> {
    const queued = this.#waiting.get(key);
    if (queued !== undefined) return await queued;
    const before = this.#running.get(key);
    const next = (before ?? Promise.resolve())
      .catch(() => undefined)
      .then(async () => {
        this.#waiting.delete(key);
        this.#running.set(key, next);
        await this.#task(key);
      })
      .finally(() => {
        if (this.#running.get(key) === next) this.#running.delete(key);
      });
    this.#waiting.set(key, next);
    return await next;
  }
}
