import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import PQueue from "p-queue";
import type { ProcessIdentity } from "../namespaces.ts";
import { runFolder } from "../places.ts";
import type { ExecSession } from "../session.ts";
import type { Probing, Role } from "./check.ts";
import { combine } from "./combine.ts";
import { portProbe } from "./port-probe.ts";
import { probe } from "./probe.ts";
import { Prober } from "./prober.ts";
import { afterProbe, type Health, newHealth, nextDelay, type ProbeResult } from "./state.ts";

/** Programs that run at once: a thousand containers must not be probed in one breath. */
const PROGRAMS = 8;
/** Ports that are asked at once: that costs little, and one that does not answer must not keep others waiting. */
const PORTS = 96;

export interface MonitorOptions {
  /** The instance's run folder. */
  readonly run: string;
  /** Path of gantry-prober. */
  readonly prober: string;
  /** What the container is asked; may be nothing. */
  readonly probingsOf: (id: string) => Promise<readonly Probing[]>;
  /** Runs a command in a container. */
  readonly exec: (id: string, command: readonly string[]) => Promise<ExecSession>;
  /** The container's first process, while it runs. */
  readonly identity: (id: string) => ProcessIdentity | undefined;
  readonly isPaused: (id: string) => boolean;
  /** Its status is another than before. */
  readonly onChange: (id: string, health: Health) => void;
}

interface Watched {
  readonly startedAt: number;
  readonly parts: Map<Role, Health>;
  readonly timers: Map<Role, NodeJS.Timeout>;
  /** Probes that wait until `startup` has succeeded. */
  waiting: readonly Probing[];
  health: Health | undefined;
}

/**
 * Probes the running containers that ask for it. The status is kept in the run folder as well: a daemon that
 * comes back goes on from what was known, instead of taking everything out of service until it has asked again.
 */
export class HealthMonitor {
  readonly #options: MonitorOptions;
  readonly #prober: Prober;
  readonly #watched = new Map<string, Watched>();
  readonly #programs = new PQueue({ concurrency: PROGRAMS });
  readonly #ports = new PQueue({ concurrency: PORTS });

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#prober = new Prober(options.prober);
  }

  /** Undefined for a container that does not run or is not probed. */
  of(id: string): Health | undefined {
    return this.#watched.get(id)?.health;
  }

  /**
   * Starts to probe a container that runs since `startedAt` (ms since the epoch), at once. `changed`: it is asked something
   * else than before; then only what was well is taken over, so that nobody leaves service for that.
   */
  async begin(id: string, startedAt: number, changed = false): Promise<void> {
    this.end(id);
    const probings = await this.#options.probingsOf(id);
    if (probings.length === 0) return;
    const known = this.#remembered(id, startedAt);
    const parts = new Map(
      probings.map(({ role }) => {
        const part = known?.get(role);
        const old = changed && part?.status !== "healthy" ? newHealth(Date.now()) : part;
        return [role, old ?? newHealth(startedAt)] as const;
      }),
    );
    const startup = parts.get("startup")?.status;
    const waits = startup !== undefined && startup !== "healthy";
    const waiting = waits ? probings.filter((one) => !isFirst(one)) : [];
    const first = probings.filter((one) => (waits ? isFirst(one) : one.role !== "startup"));
    const watched: Watched = { startedAt, parts, timers: new Map(), waiting, health: combine(parts) };
    this.#watched.set(id, watched);
    for (const probing of first) this.#schedule(id, watched, probing, 0, 0);
  }

  /** The container does not run any more. */
  end(id: string): void {
    for (const timer of this.#watched.get(id)?.timers.values() ?? []) clearTimeout(timer);
    this.#watched.delete(id);
  }

  /** Ends all probing. */
  close(): void {
    for (const id of this.#watched.keys()) this.end(id);
    this.#programs.clear();
    this.#ports.clear();
    this.#prober.close();
  }

  /** `asked`: how often it was asked since the start. */
  #schedule(id: string, watched: Watched, probing: Probing, delayMs: number, asked: number): void {
    const queue = probing.question.kind === "exec" ? this.#programs : this.#ports;
    const timer = setTimeout(() => {
      void queue.add(() => this.#ask(id, watched, probing, asked + 1));
    }, delayMs);
    watched.timers.set(probing.role, timer);
  }

  async #ask(id: string, watched: Watched, probing: Probing, asked: number): Promise<void> {
    const current = (): boolean => this.#watched.get(id) === watched;
    if (!current()) return;
    const { role } = probing;
    // Who stands still cannot answer, and that says nothing about its health.
    if (!this.#options.isPaused(id)) {
      const result = await this.#result(id, probing);
      if (!current()) return;
      if (result !== undefined) this.#take(id, watched, probing, result);
    }
    const status = watched.parts.get(role)?.status ?? "starting";
    // It has said what it was there for.
    if (role === "startup" && status === "healthy") {
      for (const next of watched.waiting) this.#schedule(id, watched, next, 0, 0);
      watched.waiting = [];
    } else this.#schedule(id, watched, probing, nextDelay(status, probing, asked), asked);
  }

  /** Undefined where the container has ended meanwhile. */
  async #result(id: string, { question, timeoutMs }: Probing): Promise<ProbeResult | undefined> {
    if (question.kind === "exec")
      return await probe({ command: question.command, timeoutMs }, (command) =>
        this.#options.exec(id, command),
      );
    const process = this.#options.identity(id);
    return process === undefined ? undefined : await portProbe(this.#prober, question, process, timeoutMs);
  }

  #take(id: string, watched: Watched, probing: Probing, result: ProbeResult): void {
    const { parts, startedAt, health: before } = watched;
    const part = parts.get(probing.role) ?? newHealth(startedAt);
    const after = afterProbe(part, result, probing, startedAt);
    parts.set(probing.role, after);
    const health = combine(parts);
    watched.health = health;
    if (after.status !== part.status) this.#remember(id, watched);
    const same =
      before?.status === health?.status && (before?.ailing === undefined) === (health?.ailing === undefined);
    if (health !== undefined && !same) this.#options.onChange(id, health);
  }

  #file(id: string): string {
    return join(runFolder(this.#options.run, id), "health");
  }

  #remember(id: string, { startedAt, parts }: Watched): void {
    try {
      const text = JSON.stringify({ startedAt, parts: [...parts] });
      writeFileSync(this.#file(id), text, { mode: 0o600 });
    } catch {
      // Its folder went away with it, or there is no room: the next daemon asks again.
    }
  }

  #remembered(id: string, startedAt: number): ReadonlyMap<Role, Health> | undefined {
    try {
      const kept = JSON.parse(readFileSync(this.#file(id), "utf8")) as Kept;
      return kept.startedAt === startedAt ? new Map(kept.parts) : undefined;
    } catch {
      return undefined; // none, one of an earlier version, or a write that was cut off
    }
  }
}

interface Kept {
  readonly startedAt: number;
  readonly parts: readonly (readonly [Role, Health])[];
}

/** Compose's own check knows nothing of `startup`. */
function isFirst({ role }: Probing): boolean {
  return role === "startup" || role === "healthcheck";
}
