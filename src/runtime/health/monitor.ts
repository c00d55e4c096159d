import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import PQueue from "p-queue";
import type { ExecSession } from "../session.ts";
import { runFolder } from "../places.ts";
import type { Check } from "./check.ts";
import { probe } from "./probe.ts";
import { afterProbe, type Health, newHealth, nextDelay } from "./state.ts";

/** Probes that run at once: a thousand containers must not be probed in one breath. */
const CONCURRENCY = 8;

export interface MonitorOptions {
  /** The instance's run folder. */
  readonly run: string;
  /** The container's check; undefined where it has none. */
  readonly checkOf: (id: string) => Promise<Check | undefined>;
  /** Runs a command in a container. */
  readonly exec: (id: string, command: readonly string[]) => Promise<ExecSession>;
  readonly isPaused: (id: string) => boolean;
  /** Its status is another than before. */
  readonly onChange: (id: string, health: Health) => void;
}

interface Watched {
  readonly startedAt: number;
  health: Health;
  probes: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Probes the running containers that have a health check. The status is kept in the run folder as well: a daemon that
 * comes back goes on from what was known, instead of taking everything out of service until it has asked again.
 */
export class HealthMonitor {
  readonly #options: MonitorOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #queue = new PQueue({ concurrency: CONCURRENCY });

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** Undefined for a container that does not run or has no check. */
  of(id: string): Health | undefined {
    return this.#watched.get(id)?.health;
  }

  /** Starts to probe a container that runs since `startedAt` (ms since the epoch), at once. */
  async begin(id: string, startedAt: number): Promise<void> {
    this.end(id);
    const check = await this.#options.checkOf(id);
    if (check === undefined) return;
    const health = this.#remembered(id, startedAt) ?? newHealth(startedAt);
    const watched: Watched = { startedAt, health, probes: 0, timer: undefined };
    this.#watched.set(id, watched);
    this.#schedule(id, watched, check, 0);
  }

  /** The container does not run any more. */
  end(id: string): void {
    clearTimeout(this.#watched.get(id)?.timer);
    this.#watched.delete(id);
  }

  /** Ends all probing. */
  close(): void {
    for (const id of this.#watched.keys()) this.end(id);
    this.#queue.clear();
  }

  #schedule(id: string, watched: Watched, check: Check, delayMs: number): void {
    watched.timer = setTimeout(() => {
      void this.#queue.add(() => this.#ask(id, watched, check));
    }, delayMs);
  }

  async #ask(id: string, watched: Watched, check: Check): Promise<void> {
    const current = (): boolean => this.#watched.get(id) === watched;
    if (!current()) return;
    // Who stands still cannot answer, and that says nothing about its health.
    if (!this.#options.isPaused(id)) {
      const result = await probe(check, (command) => this.#options.exec(id, command));
      if (!current()) return;
      watched.probes += 1;
      const before = watched.health.status;
      watched.health = afterProbe(watched.health, result, check, watched.startedAt);
      if (watched.health.status !== before) {
        this.#remember(id, watched);
        this.#options.onChange(id, watched.health);
      }
    }
    this.#schedule(id, watched, check, nextDelay(watched.health.status, check, watched.probes));
  }

  #file(id: string): string {
    return join(runFolder(this.#options.run, id), "health");
  }

  #remember(id: string, { startedAt, health }: Watched): void {
    try {
      writeFileSync(this.#file(id), JSON.stringify({ startedAt, health }), { mode: 0o600 });
    } catch {
      // Its folder went away with it, or there is no room: the next daemon asks again.
    }
  }

  #remembered(id: string, startedAt: number): Health | undefined {
    try {
      const kept = JSON.parse(readFileSync(this.#file(id), "utf8")) as { startedAt: number; health: Health };
      return kept.startedAt === startedAt ? kept.health : undefined;
    } catch {
      return undefined; // none, or a write that was cut off
    }
  }
}
