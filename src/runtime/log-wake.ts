import { watch, type FSWatcher } from "node:fs";

/** Looked at again though the kernel reported nothing: notifications can be lost, never relied upon. */
const SAFETY_POLL_MS = 1000;
/** Without notifications (no folder yet, or no inotify watch left). */
const BLIND_POLL_MS = 50;

/**
 * Says when a log may have grown: the folder changed, the container exited, the reader gave up, or a poll is due.
 * Level-triggered: a change between two waits makes the next wait return at once.
 */
export class LogWake {
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  #watcher: FSWatcher | undefined;
  #resume: (() => void) | undefined;
  #pending = false;
  #exited = false;
  #closed = false;

  constructor(folder: string, exited: Promise<unknown>, signal: AbortSignal | undefined) {
    this.#folder = folder;
    this.#signal = signal;
    const onExit = () => {
      this.#exited = true;
      this.#wake();
    };
    exited.then(onExit, onExit);
    signal?.addEventListener("abort", this.#wake);
    this.#pending = signal?.aborted ?? false;
    this.#startWatch();
  }

  /** The container is no longer running: what is there now is all there will be. */
  get exited(): boolean {
    return this.#exited;
  }

  /** Resolves when it is worth looking again. */
  async next(): Promise<void> {
    if (this.#watcher === undefined) this.#startWatch();
    if (!this.#pending) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#watcher === undefined ? BLIND_POLL_MS : SAFETY_POLL_MS);
        this.#resume = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#resume = undefined;
    }
    this.#pending = false;
  }

  close(): void {
    this.#closed = true;
    this.#signal?.removeEventListener("abort", this.#wake);
    this.#stopWatch();
    this.#wake();
  }

  readonly #wake = (): void => {
    this.#pending = true;
    this.#resume?.();
  };

  #startWatch(): void {
    if (this.#closed) return;
    try {
      this.#watcher = watch(this.#folder, { persistent: false }, this.#wake);
      this.#watcher.on("error", () => this.#stopWatch());
      // What was written before the watch began must be looked for once.
      this.#pending = true;
    } catch {
      this.#watcher = undefined;
    }
  }

  #stopWatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
