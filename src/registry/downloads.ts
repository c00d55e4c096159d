import PQueue from "p-queue";
import type { StagedLayer } from "../image/layer.ts";
import type { LayerProgress } from "./transfer.ts";

export type Fetch = (signal: AbortSignal, tell: (progress: LayerProgress) => void) => Promise<StagedLayer>;

interface Running {
  readonly layer: Promise<StagedLayer>;
  readonly abort: AbortController;
  readonly listeners: Set<(progress: LayerProgress) => void>;
  users: number;
}

/** A layer that stays staged until it is released. */
export interface Lease {
  readonly layer: StagedLayer;
  release(): Promise<void>;
}

/**
 * Layers on their way, over all pulls: each archive is fetched once, whoever else wants it meanwhile, and only so many
 * at once. One that nobody wants any more is given up.
 */
export class Downloads {
  readonly #queue: PQueue;
  readonly #running = new Map<string, Running>();
  readonly #discard: (layer: StagedLayer) => Promise<void>;

  /** `discard` removes a staged layer that was not taken into the store; taken ones are fine. */
  constructor(parallel: number, discard: (layer: StagedLayer) => Promise<void>) {
    this.#queue = new PQueue({ concurrency: parallel });
    this.#discard = discard;
  }

  /**
   * The archive of this digest, staged. Where another pull that was fetching it fails, it is fetched anew, since the
   * failure may have been that of the other's registry. Throws what `fetch` throws, and the signal's reason.
   */
  async get(
    digest: string,
    fetch: Fetch,
    { signal, tell }: { readonly signal: AbortSignal; readonly tell: (progress: LayerProgress) => void },
  ): Promise<Lease> {
    for (;;) {
      signal.throwIfAborted();
      const other = this.#running.get(digest);
      const running = other ?? this.#start(digest, fetch);
      running.users += 1;
      running.listeners.add(tell);
      const leave = async (): Promise<void> => {
        running.listeners.delete(tell);
        running.users -= 1;
        if (running.users > 0) return;
        if (this.#running.get(digest) === running) this.#running.delete(digest);
        running.abort.abort();
        await running.layer.then(this.#discard, () => undefined);
      };
      try {
        return { layer: await orAborted(running.layer, signal), release: leave };
      } catch (error) {
        await leave();
        if (other === undefined || signal.aborted) throw error;
      }
    }
  }

  #start(digest: string, fetch: Fetch): Running {
    const abort = new AbortController();
    const listeners = new Set<(progress: LayerProgress) => void>();
    const tell = (progress: LayerProgress): void => {
      for (const listener of listeners) listener(progress);
    };
    const layer = this.#queue.add(async () => {
      abort.signal.throwIfAborted();
      return await fetch(abort.signal, tell);
    });
    const running: Running = { layer, abort, listeners, users: 0 };
    this.#running.set(digest, running);
    layer.catch(() => {
      // Who comes from now on begins anew.
      if (this.#running.get(digest) === running) this.#running.delete(digest);
    });
    return running;
  }
}

/** The promise's outcome, or the signal's reason if that comes first. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
