import { aged, lifetimeOf, type Lifetime } from "./ttl.ts";

interface Kept {
  readonly answer: Buffer;
  readonly lifetime: Lifetime;
  /** ms of a monotonic clock. */
  readonly since: number;
}

/** Longer than this nothing is kept, in seconds. */
const LONGEST_S = 3600;

/** Answers of others, for as long as they allow; the oldest make room. */
export class AnswerCache {
  readonly #kept = new Map<string, Kept>();
  readonly #most: number;

  constructor(most = 4096) {
    this.#most = most;
  }

  /** The answer with this id, its times to live reduced by what has passed; undefined when there is none. */
  get(key: string, id: number, now: number): Buffer | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    const passed = Math.floor((now - kept.since) / 1000);
    if (passed < Math.min(kept.lifetime.seconds, LONGEST_S))
      return aged(kept.answer, kept.lifetime, id, passed);
    this.#kept.delete(key);
    return undefined;
  }

  put(key: string, answer: Buffer, now: number): void {
    const lifetime = lifetimeOf(answer);
    if (lifetime.seconds === 0) return;
    this.#kept.delete(key);
    this.#kept.set(key, { answer, lifetime, since: now });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most) break;
      this.#kept.delete(oldest);
    }
  }
}
