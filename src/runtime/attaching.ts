import type { ExecSession } from "./session.ts";
import { shimAttach } from "./shim.ts";

interface Waiting {
  readonly input: boolean;
  readonly resolve: (session: ExecSession) => void;
  readonly reject: (reason: unknown) => void;
}

/** Who waits for the next life of a container, to hear it from its beginning: `docker run` attaches before it starts. */
export class Attaching {
  readonly #waiting = new Map<string, Set<Waiting>>();

  /** Whether somebody does: the container's shim is then told to wait for him. */
  expects(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** Resolves once the container runs; rejects with the signal's reason when aborted before. */
  async next(id: string, input: boolean, signal: AbortSignal): Promise<ExecSession> {
    return await new Promise<ExecSession>((resolve, reject) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      const one = { input, resolve, reject };
      waiting.add(one);
      this.#waiting.set(id, waiting);
      signal.addEventListener("abort", () => {
        waiting.delete(one);
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
        reject(signal.reason as Error);
      });
    });
  }

  /** The container runs: attaches all who waited, at its shim's socket. */
  async join(id: string, socket: string): Promise<void> {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    for (const { input, resolve, reject } of waiting ?? [])
      await shimAttach(socket, { input, fromStart: true }).then(resolve, reject);
  }
}
