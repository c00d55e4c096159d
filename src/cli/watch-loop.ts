import { setTimeout as delay } from "node:timers/promises";
import { GantryError, messageOf } from "../error.ts";
import { isAbort } from "./context.ts";

const RETRY_MS = 200;

/** What the loop does with a spec; given from outside so that the loop knows neither files nor daemon. */
export interface WatchSteps<Spec> {
  load(): Promise<Spec>;
  apply(spec: Spec, signal: AbortSignal): Promise<void>;
  /** Shows what is wrong. What runs is left alone. */
  report(error: unknown): void;
}

/**
 * Loads and applies after each change, one at a time: a change that comes during an apply stops the waiting for it and
 * goes next, so the latest always wins. A broken spec is reported once, not at every save; a daemon that does not
 * answer is tried again until it does or the next change comes.
 */
export class WatchLoop<Spec> {
  readonly #steps: WatchSteps<Spec>;
  #wanted = false;
  #closed = false;
  #running: Promise<void> | undefined;
  #current = new AbortController();
  #reported = "";

  constructor(steps: WatchSteps<Spec>) {
    this.#steps = steps;
  }

  /** Look again. */
  changed(): void {
    if (this.#closed) return;
    this.#wanted = true;
    this.#current.abort();
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  /** Stops; resolves once nothing of it is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#current.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#wanted && !this.#closed) {
      this.#wanted = false;
      this.#current = new AbortController();
      const { signal } = this.#current;
      try {
        const spec = await this.#steps.load();
        await this.#apply(spec, signal);
        this.#reported = "";
      } catch (error) {
        if (!signal.aborted || !isAbort(error)) this.#report(error);
      }
    }
    this.#running = undefined;
  }

  async #apply(spec: Spec, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#steps.apply(spec, signal);
        return;
      } catch (error) {
        if (!(error instanceof GantryError) || error.code !== "daemon.unreachable") throw error;
        this.#report(error);
      }
      await delay(RETRY_MS, undefined, { signal });
    }
  }

  #report(error: unknown): void {
    const text = messageOf(error);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#steps.report(error);
  }
}
