import type { Logger } from "pino";
import { GantryError, messageOf } from "../error.ts";
import { execute, type Handlers, type Outcome, type StepEvent } from "../apply/execute.ts";
import { observe, type World } from "../observe/observe.ts";
import type { Plan } from "../reconcile/action.ts";
import type { Desired } from "../reconcile/desired.ts";
import { ownVolumes } from "../reconcile/desired.ts";
import { plan } from "../reconcile/plan.ts";
import { Serial } from "../host/serial.ts";
import { withSetbacks } from "../reconcile/setback.ts";
import type { ProjectStore, StoredProject } from "./projects.ts";
import type { Revisions } from "./revisions.ts";
import { setBack } from "./set-back.ts";

/** Steps that run at once: enough to share what can be shared; more only queue for the kernel's network lock. */
const CONCURRENCY = 8;
/** A pass whose steps failed is tried again after this long, doubling. */
const RETRY = { first: 200, last: 60_000 } as const;

export interface LoopOptions {
  readonly world: World;
  readonly handlers: Handlers;
  readonly store: ProjectStore;
  readonly revisions: Revisions;
  readonly log: Logger;
}

/**
 * The one place where the loop closes: observe, plan, execute, again until nothing is left to do. Whatever happens
 * only says "look again"; what to do follows from what is seen.
 */
export class Loop {
  readonly #options: LoopOptions;
  readonly #serial = new Serial();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #failures = new Map<string, number>();
  readonly #queued = new Set<string>();
  readonly #followers = new Map<string, Set<(event: StepEvent) => void>>();
  readonly #stop = new AbortController();

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Says that something about a project may have changed. */
  wake(project: string): void {
    if (this.#stop.signal.aborted || this.#queued.has(project)) return;
    this.#queued.add(project);
    this.exclusively(project, async () => {
      this.#queued.delete(project);
      await this.#converge(project);
    }).catch((error: unknown) =>
      this.#options.log.error({ project, error: messageOf(error) }, "pass failed"),
    );
  }

  /** Runs a task while no pass of the project runs. */
  async exclusively<T>(project: string, task: () => Promise<T>): Promise<T> {
    return await this.#serial.run(project, task);
  }

  /** Calls the listener for each step that passes of a project take, until the returned function is called. */
  follow(project: string, listener: (event: StepEvent) => void): () => void {
    const followers = this.#followers.get(project) ?? new Set();
    this.#followers.set(project, followers.add(listener));
    return () => {
      followers.delete(listener);
      if (followers.size === 0) this.#followers.delete(project);
    };
  }

  /** What a pass would do now. `wanted` null: take it down. `again`: services asked for by hand just now. */
  async plan(project: string, wanted: StoredProject | null, again: readonly string[] = []): Promise<Plan> {
    const desired = wanted === null || wanted.leaving !== undefined ? null : desiredOf(wanted);
    const services = Object.values((desired ?? wanted)?.project.services ?? {});
    const now = Date.now();
    const snapshot = await observe(
      this.#options.world,
      [...new Set(services.map(({ image }) => image))],
      now,
    );
    const removeVolumes = wanted?.leaving?.volumes === true ? ownVolumes(wanted.project) : undefined;
    return plan({
      desired,
      project,
      snapshot,
      now,
      again,
      ...(removeVolumes === undefined ? {} : { removeVolumes }),
    });
  }

  /** Carries a plan out. Call it inside `exclusively`. */
  async execute(
    project: string,
    planned: Plan,
    onStep: (event: StepEvent) => void,
  ): Promise<Outcome & { readonly setbacks: readonly string[] }> {
    const { store, handlers } = this.#options;
    const { signal } = this.#stop;
    const outcome = await execute(planned, handlers, { concurrency: CONCURRENCY, signal, onStep });
    // Who is told to end has not failed.
    const setbacks = signal.aborted ? [] : await setBack(store, project, outcome.failed);
    return { ...outcome, setbacks };
  }

  /** Ends after the steps that run now. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(
      this.#options.store.list().map(({ project }) => this.exclusively(project.name, async () => undefined)),
    );
  }

  /** Looks at a project again at a time, in ms since the epoch. */
  #wakeAt(project: string, time: number): void {
    clearTimeout(this.#timers.get(project));
    const timer = setTimeout(() => this.wake(project), Math.max(0, time - Date.now()));
    this.#timers.set(project, timer);
  }

  async #converge(project: string): Promise<void> {
    const { store, log } = this.#options;
    let worked = false;
    while (!this.#stop.signal.aborted) {
      const stored = store.get(project);
      if (stored === undefined) return;
      const planned = await this.plan(project, stored);
      if (planned.problems.length > 0) {
        log.warn(
          { project, problems: planned.problems.map(({ message }) => message) },
          "the project cannot be as asked",
        );
        return this.#retry(project);
      }
      if (planned.wakeAt !== null) this.#wakeAt(project, planned.wakeAt);
      if (planned.steps.length === 0) {
        this.#failures.delete(project);
        if (stored.leaving !== undefined) await store.remove(project);
        else if (worked) await this.#options.revisions.remember(project);
        return;
      }
      worked = true;
      const outcome = await this.execute(project, planned, (event) => this.#report(project, event));
      for (const text of outcome.setbacks) log.warn({ project }, text);
      if (outcome.failed.length > 0 && outcome.setbacks.length === 0) return this.#retry(project);
    }
  }

  #retry(project: string): void {
    const failures = this.#failures.get(project) ?? 0;
    this.#failures.set(project, failures + 1);
    this.#wakeAt(project, Date.now() + Math.min(RETRY.first * 2 ** failures, RETRY.last));
  }

  #report(project: string, event: StepEvent): void {
    for (const follower of this.#followers.get(project) ?? []) follower(event);
    const { step, state, ms, error } = event;
    if (state === "started") return;
    const { key: step_, cause } = step;
    const line = { project, step: step_, cause, ...(ms === undefined ? {} : { ms: Math.round(ms) }) };
    if (error === undefined) this.#options.log.info(line, "done");
    else this.#options.log.warn({ ...line, error: messageOf(error) }, "failed");
  }
}

/** What the planner is told of a stored project. */
export function desiredOf(stored: StoredProject): Desired {
  const { project, replicas, stopped, pins, attempts, setbacks = {} } = stored;
  const desired = {
    project,
    replicas,
    stopped,
    ...(pins === undefined ? {} : { pins }),
    ...(attempts === undefined ? {} : { attempts }),
  };
  return Object.keys(setbacks).length === 0 ? desired : withSetbacks(desired, setbacks);
}

/** The error of a plan that cannot be carried out: all its problems at once. */
export function problemsError({ problems }: Plan): GantryError | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  return new GantryError(first.code, problems.map(({ message }) => message).join("\n"), { next: first.next });
}
