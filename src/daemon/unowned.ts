import { setTimeout as delay } from "node:timers/promises";
import type { Containers } from "../apply/containers.ts";
import { messageOf } from "../error.ts";
import { Serial } from "../host/serial.ts";
import { observeContainer } from "../observe/observe.ts";
import { restartVerdict } from "../reconcile/restart.ts";
import type { ContainerRecord } from "../runtime/container.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A slow reader may keep an ended container this long. */
const READER_PATIENCE_MS = 10_000;

export interface UnownedOptions {
  readonly runtime: Runtime;
  readonly containers: Containers;
  readonly onProblem: (record: ContainerRecord, error: unknown) => void;
}

/**
 * Containers without a project. No loop compares them with a wish; what they were promised one by one is kept here: their
 * restart policy, that ports are let go of when they end, and that those made with --rm go. Level-triggered, as the loop
 * is: an event only says "look again".
 */
export class Unowned {
  readonly #options: UnownedOptions;
  readonly #serial = new Serial();
  /** Who still reads the log of a container: by id, until they have. */
  readonly #readers = new Map<string, Set<Promise<void>>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(options: UnownedOptions) {
    this.#options = options;
  }

  /**
   * Looks at all of them, as after a daemon's or the machine's start. As docker has it, `always` then means those too
   * that were stopped by hand.
   */
  async open(): Promise<void> {
    const { runtime, containers } = this.#options;
    for (const { id, owner, config, started, stoppedByUser } of runtime.records.list()) {
      if (owner !== undefined) continue;
      if (config.restart.name === "always" && started === true && stoppedByUser)
        await containers.update(id, { stoppedByUser: false });
      this.wake(id);
    }
  }

  /** Says that something about a container may have changed. */
  wake(id: string): void {
    if (this.#closed) return;
    this.exclusively(id, () => this.#look(id)).catch((error: unknown) => {
      const record = this.#options.runtime.records.get(id);
      if (record === undefined) return;
      this.#options.onProblem(record, error);
      this.#wakeAt(id, Date.now() + 1000);
    });
  }

  /** Runs a task while nothing else is done to the container. */
  async exclusively<T>(id: string, task: () => Promise<T>): Promise<T> {
    return await this.#serial.run(id, task);
  }

  /** What a reader yields; a container made with --rm stays until he has read its end, or for a while. */
  async *keptFor<T>(id: string, source: AsyncIterable<T>): AsyncGenerator<T> {
    const readers = this.#readers.get(id) ?? new Set();
    let done = (): void => undefined;
    const reading = new Promise<void>((resolve) => (done = resolve));
    this.#readers.set(id, readers.add(reading));
    try {
      yield* source;
    } finally {
      done();
      readers.delete(reading);
      if (readers.size === 0) this.#readers.delete(id);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    const { runtime } = this.#options;
    await Promise.all(runtime.records.list().map(({ id }) => this.exclusively(id, async () => undefined)));
  }

  async #look(id: string): Promise<void> {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const { runtime, containers } = this.#options;
    const record = runtime.records.get(id);
    if (this.#closed || record?.owner !== undefined || record?.started !== true) return;
    const seen = observeContainer(runtime, record);
    if (seen.state === "running") return;
    await containers.unpublish(record);
    if (record.autoRemove === true) {
      const timeout = new AbortController();
      const patience = delay(READER_PATIENCE_MS, undefined, { signal: timeout.signal }).catch(
        () => undefined,
      );
      await Promise.race([Promise.all(this.#readers.get(id) ?? new Set<Promise<void>>()), patience]);
      timeout.abort();
      return await containers.remove(id, { graceMs: 0, volumes: true });
    }
    if (record.stoppedByUser || record.config.restart.name === "no") return;
    const verdict = restartVerdict(seen, record.config.restart, Date.now());
    if (verdict.kind === "wait") this.#wakeAt(id, verdict.until);
    if (verdict.kind === "start") await this.#start(record, verdict.failures);
  }

  async #start(record: ContainerRecord, failures: number): Promise<void> {
    const { containers, onProblem } = this.#options;
    try {
      await containers.start(record.id);
    } catch (error) {
      onProblem(record, error);
    }
    await containers.update(record.id, { failures });
    this.wake(record.id); // one that could not be started is tried again, later each time
  }

  #wakeAt(id: string, time: number): void {
    clearTimeout(this.#timers.get(id));
    const timer = setTimeout(() => this.wake(id), Math.max(0, time - Date.now()));
    this.#timers.set(id, timer);
  }
}

/** For a log line. */
export function problemLine(record: ContainerRecord, error: unknown): object {
  return { container: record.name, error: messageOf(error) };
}
