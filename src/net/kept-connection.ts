import { setTimeout as delay } from "node:timers/promises";
import { GantryError } from "../error.ts";

/** A connection to a program of gantry's own that outlives the daemon. */
export interface Connection {
  readonly closed: boolean;
  close(): void;
  /** Calls back once, when the connection ends for whatever reason. */
  onClose(listener: () => void): void;
}

export interface KeptConnectionOptions<C extends Connection> {
  /** How the program is called: `the proxy`. */
  readonly name: string;
  /** Connects, or starts the program first. */
  readonly connect: () => Promise<C>;
  /** Tells a program that knows nothing all that it should know. */
  readonly tellAll: (connection: C) => Promise<void>;
  /** Hears of a program that died and could not be brought back yet. */
  readonly onProblem: (error: unknown) => void;
  /** How long to wait after the first failure to bring it back, in ms; doubling. */
  readonly retryMinMs: number;
}

const RETRY_MAX_MS = 5_000;

/**
 * Keeps such a program up and knowing: it outlives the daemon and keeps its table; the daemon outlives it and tells it
 * all again. Whoever is left restores the other.
 */
export class KeptConnection<C extends Connection> {
  readonly #options: KeptConnectionOptions<C>;
  #connection: C | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: KeptConnectionOptions<C>) {
    this.#options = options;
  }

  /**
   * One conversation at a time, each with a program that has been told everything. One that ends because the program went
   * away is held once more with the next program, so it must be one that can be begun again.
   */
  run<T>(conversation: (connection: C) => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      const connection = await this.#connected();
      try {
        return await conversation(connection);
      } catch (error) {
        if (!connection.closed || this.#closed) throw error;
        return await conversation(await this.#connected());
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Lets go of the program, which carries on. */
  close(): void {
    this.#closed = true;
    this.#connection?.close();
  }

  async #connected(): Promise<C> {
    if (this.#closed) throw new GantryError("internal", `${this.#options.name} was let go`);
    if (this.#connection !== undefined && !this.#connection.closed) return this.#connection;
    const connection = await this.#options.connect();
    try {
      await this.#options.tellAll(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    connection.onClose(() => void this.#restore());
    return connection;
  }

  /** It went away: brings it back though nobody asks for anything, and goes on trying. */
  async #restore(): Promise<void> {
    const { retryMinMs, onProblem } = this.#options;
    for (let wait = retryMinMs; !this.#closed; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        await this.run(async () => undefined);
        return;
      } catch (error) {
        if (this.#closed) return;
        onProblem(error);
        await delay(wait, undefined, { ref: false });
      }
    }
  }
}
